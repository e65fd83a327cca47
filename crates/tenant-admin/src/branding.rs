//! The vendor's name, logo and accent colour: the customer believes to be in the vendor's product.

use std::fmt;
use std::str::FromStr;

/// How pages present themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branding {
    /// The vendor's product.
    pub name: String,
    pub logo: Logo,
    /// The one colour of buttons and links; the design's own when none.
    pub accent: Option<Colour>,
}

impl Default for Branding {
    fn default() -> Self {
        Self { name: "Rollcall".to_owned(), logo: Logo::default(), accent: None }
    }
}

/// A picture and its media type.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    pub bytes: Vec<u8>,
    pub media_type: &'static str,
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.media_type, self.bytes.len())
    }
}

impl Default for Logo {
    fn default() -> Self {
        Self { bytes: include_bytes!("../assets/logo.svg").to_vec(), media_type: "image/svg+xml" }
    }
}

impl Logo {
    /// The largest a logo may be, in bytes.
    pub const LARGEST: usize = 256 * 1024;

    /// Reads a picture by its content: PNG or SVG.
    ///
    /// # Errors
    /// A sentence that says what a logo is.
    pub fn read(bytes: Vec<u8>) -> Result<Self, String> {
        let is_svg = std::str::from_utf8(&bytes).is_ok_and(|text| text.contains("<svg"));
        let media_type = match () {
            () if bytes.len() > Self::LARGEST => return Err("a logo has at most 256 KiB".to_owned()),
            () if bytes.starts_with(b"\x89PNG\r\n\x1a\n") => "image/png",
            () if is_svg => "image/svg+xml",
            () => return Err("a logo is a PNG or SVG picture".to_owned()),
        };
        Ok(Self { bytes, media_type })
    }
}

/// A colour of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// What text on it needs at least (WCAG 2.2, 1.4.3).
const CONTRAST: f64 = 4.5;
const WHITE: Colour = Colour([255; 3]);
/// What text stands on in the dark scheme, `--canvas` and `--brand-soft` of the sheet being the extremes.
const DARK: Colour = Colour([0x23, 0x23, 0x21]);

impl FromStr for Colour {
    type Err = String;

    /// # Errors
    /// A sentence for what is no colour, and for one on which white text cannot be read.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut bytes = [0; 3];
        let digits = text.strip_prefix('#').unwrap_or_default();
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| "a colour is written as #rrggbb".to_owned())?;
        let colour = Self(bytes);
        match colour.contrast(WHITE) {
            enough if enough >= CONTRAST => Ok(colour),
            little => Err(format!(
                "white words on {colour} have a contrast of {little:.1} to 1 and cannot be read; 4.5 to 1 is the least, so choose a darker colour"
            )),
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", hex::encode(self.0))
    }
}

impl Colour {
    /// The names of the sheet that a vendor's colour gives new values to, for both schemes.
    pub fn sheet(self) -> String {
        let (hover, ink) = (self.mixed(Self([0; 3]), 0.15), self.readable_on(DARK));
        let (soft, line) = (self.mixed(WHITE, 0.92), self.mixed(WHITE, 0.72));
        let (dark_soft, dark_line) = (self.mixed(DARK, 0.8), self.mixed(DARK, 0.55));
        format!(
            ":root {{ --brand: {self}; --brand-hover: {hover}; --brand-on: #ffffff; --brand-ink: {self}; \
             --brand-soft: {soft}; --brand-line: {line}; }}\n\
             @media (prefers-color-scheme: dark) {{ :root {{ --brand: {self}; --brand-hover: {hover}; \
             --brand-on: #ffffff; --brand-ink: {ink}; --brand-soft: {dark_soft}; --brand-line: {dark_line}; }} }}\n"
        )
    }

    /// This colour with so much of another in it, 0 to 1.
    fn mixed(self, other: Self, part: f64) -> Self {
        let mut channels = self.0;
        for (one, other) in channels.iter_mut().zip(other.0) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
            let mixed = (f64::from(*one) * (1.0 - part) + f64::from(other) * part).round() as u8;
            *one = mixed;
        }
        Self(channels)
    }

    /// This colour, as much lighter as it takes to be read on a dark ground.
    fn readable_on(self, ground: Self) -> Self {
        let steps = (0..=20).map(|step| self.mixed(WHITE, f64::from(step) / 20.0));
        steps.into_iter().find(|colour| colour.contrast(ground) >= CONTRAST).unwrap_or(WHITE)
    }

    /// 1 to 21 (WCAG 2.2, "contrast ratio").
    fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance() + 0.05, other.luminance() + 0.05);
        if one > other { one / other } else { other / one }
    }

    fn luminance(self) -> f64 {
        let linear = |byte: u8| match f64::from(byte) / 255.0 {
            dark if dark <= 0.04045 => dark / 12.92,
            light => ((light + 0.055) / 1.055).powf(2.4),
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_that_hides_its_words_is_refused() {
        assert_eq!("#2a50cf".parse::<Colour>().unwrap().to_string(), "#2a50cf");
        for bad in ["#ffff00", "2a50cf", "#2a5", "blue", "#zzzzzz"] {
            assert!(bad.parse::<Colour>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_written_in_the_colour_can_be_read_in_both_schemes() {
        for text in ["#000000", "#b0241c", "#2a50cf", "#00695c", "#4a148c"] {
            let colour: Colour = text.parse().unwrap();
            assert!(colour.contrast(WHITE) >= CONTRAST);
            assert!(colour.readable_on(DARK).contrast(DARK) >= CONTRAST, "{text}");
            assert!(colour.sheet().contains(text));
        }
    }

    #[test]
    fn a_logo_is_a_picture() {
        assert_eq!(Logo::read(b"\x89PNG\r\n\x1a\n..".to_vec()).unwrap().media_type, "image/png");
        assert_eq!(Logo::read(b"<svg xmlns='x'/>".to_vec()).unwrap().media_type, "image/svg+xml");
        assert!(Logo::read(b"GIF89a".to_vec()).is_err());
        assert!(Logo::read(vec![b' '; Logo::LARGEST + 1]).is_err());
    }
}
