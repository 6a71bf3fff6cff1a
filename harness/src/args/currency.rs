//! The currency that costs are shown in besides the dollar, where one is asked for.

use clap::ValueEnum;
use scenarios::scenario::Currency;

/// A currency whose rate is known; any other one is a scenario's `[currency]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CurrencyArg {
    /// Indian rupees, 83.0 for a dollar.
    #[value(name = "INR")]
    Inr,
    /// Dollars alone.
    #[value(name = "USD")]
    Usd,
}

impl CurrencyArg {
    /// The currency with its rate.
    pub fn resolved(self) -> Currency {
        match self {
            Self::Inr => Currency::rupees(),
            Self::Usd => Currency::default(),
        }
    }
}
