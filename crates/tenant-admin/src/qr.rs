//! Pictures that phones read (ISO/IEC 18004), drawn by the server as SVG.

use std::fmt;

use askama::filters::HtmlSafe;
use qrcode::{Color, QrCode};

/// Light modules around the picture, as the standard asks for.
const MARGIN: usize = 4;

/// A text as a QR code. It prints an element `svg`: dark on light in any scheme, for cameras.
#[derive(Clone, Debug)]
pub struct Picture {
    width: usize,
    path: String,
}

impl Picture {
    /// None when the text is too long for one.
    pub fn of(text: &str) -> Option<Self> {
        let code = QrCode::new(text).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (row, colors) in code.to_colors().chunks(width).enumerate() {
            for (column, _) in colors.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
                path.push_str(&format_args!("M{} {}h1v1h-1z", column + MARGIN, row + MARGIN).to_string());
            }
        }
        Some(Self { width: width + 2 * MARGIN, path })
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { width, path } = self;
        write!(
            f,
            r##"<svg class="qr" viewBox="0 0 {width} {width}" role="img" aria-label="QR code for an authenticator app" shape-rendering="crispEdges"><rect width="{width}" height="{width}" fill="#fff"/><path d="{path}" fill="#000"/></svg>"##
        )
    }
}

impl HtmlSafe for Picture {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_a_margin_and_as_many_squares_as_the_code_is_dark() {
        let picture = Picture::of("otpauth://totp/x").unwrap();
        let code = QrCode::new("otpauth://totp/x").unwrap();
        assert_eq!(picture.width, code.width() + 8);
        let dark = code.to_colors().iter().filter(|color| **color == Color::Dark).count();
        assert_eq!(picture.path.matches('M').count(), dark);
        assert!(picture.path.starts_with("M4 4h1v1h-1z"), "the corner is dark: {}", picture.path);
        assert!(Picture::of(&"x".repeat(5_000)).is_none());
    }
}
