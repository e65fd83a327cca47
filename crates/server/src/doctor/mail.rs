//! The server of mails.

use outbound::SmtpMailer;

use super::Finding;
use crate::settings::Settings;

pub async fn examine(settings: &Settings) -> Vec<Finding> {
    let server = match settings.mail.server(&settings.branding.name) {
        Err(error) => return vec![Finding::bad("mail", format!("{error:#}"), "correct the settings of [mail]")],
        Ok(None) => {
            let found = "there is no mail.smtp_url: nobody is told by mail that a connection fails or a token ends";
            return vec![Finding::warn("mail", found, "set mail.smtp_url and mail.from")];
        }
        Ok(Some((server, from))) => SmtpMailer::new(&server, &from),
    };
    vec![match server {
        Err(error) => Finding::bad("mail", error.to_string(), "correct the settings of [mail]"),
        Ok(mailer) => match mailer.probe().await {
            Ok(()) => Finding::ok("mail", "the mail server lets us in"),
            Err(why) => {
                let advice = "check mail.smtp_url, its password and mail.starttls; mails wait until it takes them";
                Finding::bad("mail", why, advice)
            }
        },
    }]
}
