//! A mailer whose tries are counted.

use async_trait::async_trait;
use domain::ids::MailId;
use domain::mail::{Mail, MailError};
use domain::ports::Mailer;
use metrics::counter;

/// Sends by another one, and counts what becomes of it.
#[derive(Debug)]
pub struct CountedMailer<M>(M);

impl<M> CountedMailer<M> {
    /// Takes the one that sends.
    pub fn new(mailer: M) -> Self {
        for outcome in ["sent", "put_off", "refused"] {
            count(outcome, 0);
        }
        Self(mailer)
    }
}

#[async_trait]
impl<M: Mailer> Mailer for CountedMailer<M> {
    async fn send(&self, id: MailId, mail: &Mail) -> Result<(), MailError> {
        let sent = self.0.send(id, mail).await;
        let outcome = match &sent {
            Ok(()) => "sent",
            Err(MailError::Later(_)) => "put_off",
            Err(MailError::Never(_)) => "refused",
        };
        count(outcome, 1);
        sent
    }
}

fn count(outcome: &'static str, more: u64) {
    counter!("rollcall_mails_total", "outcome" => outcome).increment(more);
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;
    use uuid::Uuid;

    use super::*;

    struct Answers(Result<(), MailError>);

    #[async_trait]
    impl Mailer for Answers {
        async fn send(&self, _: MailId, _: &Mail) -> Result<(), MailError> {
            self.0.clone()
        }
    }

    #[test]
    fn what_becomes_of_a_mail_is_counted_and_told() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let shown = || {
            let text = recorder.handle().render();
            let mut lines: Vec<_> = text
                .lines()
                .filter_map(|line| line.strip_prefix("rollcall_mails_total{outcome="))
                .map(str::to_owned)
                .collect();
            lines.sort();
            lines
        };
        let later = || MailError::Later("later".to_owned());
        metrics::with_local_recorder(&recorder, || {
            let mailers = [Ok(()), Err(later()), Err(later()), Err(MailError::Never("never".to_owned()))];
            for answer in mailers {
                let mailer = CountedMailer::new(Answers(answer.clone()));
                let mail = Mail::new("ada@acme.example".parse().unwrap(), "Hello", "Ada");
                let sent = actix_web::rt::System::new().block_on(mailer.send(MailId(Uuid::nil()), &mail));
                assert_eq!(sent, answer);
            }
        });
        assert_eq!(shown(), ["\"put_off\"} 2", "\"refused\"} 1", "\"sent\"} 1"]);
    }
}
