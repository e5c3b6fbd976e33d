//! The ways in which a story is looked at.

/// One way to look at pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    pub script: Script,
    pub width: Width,
    pub scheme: Scheme,
}

/// Whether pages may run scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    On,
    Off,
}

/// A desk or a hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    Wide,
    Narrow,
}

/// What the system is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

impl View {
    /// Script on, wide, light.
    pub const PLAIN: Self = Self { script: Script::On, width: Width::Wide, scheme: Scheme::Light };

    /// All eight.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for script in [Script::On, Script::Off] {
            for width in [Width::Wide, Width::Narrow] {
                for scheme in [Scheme::Light, Scheme::Dark] {
                    all.push(Self { script, width, scheme });
                }
            }
        }
        all
    }

    /// `script-1280-light`, `plain-375-dark`: for the names of pictures.
    pub fn name(self) -> String {
        let script = match self.script {
            Script::On => "script",
            Script::Off => "plain",
        };
        format!("{script}-{}-{}", self.width.pixels(), self.scheme.name())
    }
}

impl Width {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Wide => Self::Narrow,
            Self::Narrow => Self::Wide,
        }
    }

    /// In CSS pixels.
    pub fn pixels(self) -> u32 {
        match self {
            Self::Wide => 1280,
            Self::Narrow => 375,
        }
    }
}

impl Scheme {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Light => Self::Dark,
            Self::Dark => Self::Light,
        }
    }

    /// As CSS calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}
