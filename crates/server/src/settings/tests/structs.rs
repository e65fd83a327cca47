//! The reference table says what the structs say.

use serde::Deserialize;
use serde::de::value::Error as Described;
use serde::de::{Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

use super::super::*;
use super::File;

#[test]
fn every_default_can_be_written_into_the_file_and_into_the_environment() {
    for key in all_keys() {
        let Fallback::Value(value) = key.fallback else { continue };
        let bare = matches!(key.kind, Kind::Whole { .. } | Kind::Share | Kind::Flag);
        let written = if bare { value.to_owned() } else { format!("{value:?}") };
        let file = File::new(&format!("{} = {written}\n", key.name));
        let settings = Settings::load_from(Some(&file.path()), [(key.env(), value.to_owned())]);
        assert!(settings.is_ok(), "{}: {:?}", key.name, settings.err());
    }
}

#[test]
fn the_table_and_the_structs_have_the_same_keys() {
    let sections = [
        ("http", fields::<HttpSettings>()),
        ("database", fields::<DatabaseSettings>()),
        ("redis", fields::<RedisSettings>()),
        ("limits", fields::<LimitSettings>()),
        ("tenancy", fields::<TenancySettings>()),
        ("branding", fields::<BrandingSettings>()),
        ("roles", fields::<RoleSettings>()),
        ("scim", fields::<ScimSettings>()),
        ("keys", fields::<KeySettings>()),
        ("retention", fields::<RetentionSettings>()),
        ("mail", fields::<MailSettings>()),
        ("sso", fields::<SsoSettings>()),
        ("dns", fields::<DnsSettings>()),
        ("telemetry", fields::<TelemetrySettings>()),
        ("metrics", fields::<MetricsSettings>()),
    ];
    let mut known = fields::<Settings>();
    known.retain(|field| !sections.iter().any(|(name, _)| name == field));
    for (name, fields) in sections {
        known.extend(fields.iter().map(|field| format!("{name}.{field}")));
    }
    let named: Vec<_> = all_keys().map(|key| key.name.to_owned()).collect();
    assert_eq!(named, known);
}

/// The field names that a struct tells serde.
fn fields<'de, Section: Deserialize<'de>>() -> Vec<String> {
    let told = Section::deserialize(Names).err().unwrap().to_string();
    told.split(' ').map(str::to_owned).collect()
}

/// A deserializer that answers every struct with an error made of its field names.
struct Names;

impl<'de> Deserializer<'de> for Names {
    type Error = Described;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Described> {
        Err(Described::custom(fields.join(" ")))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Described> {
        Err(Described::custom("not a struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
