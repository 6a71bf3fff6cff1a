//! One small file in full, for the eye, and hashes of large ones.
//!
//! Goal: the bytes of a seed never change unnoticed, since recorded runs refer to them. A wanted
//! change of the generated text changes these snapshots, and the changelog has to say so.

use generators::{GeneratedFile, Input, Nesting, Spread};

/// FNV-1a with 64 bits: enough to notice a change.
fn hash(files: impl Iterator<Item = GeneratedFile>) -> String {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for file in files {
        for byte in file.path.bytes().chain(file.text().bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
    format!("{hash:016x}")
}

#[test]
fn a_file_of_sixty_lines_for_seed_7() {
    let file = Input::File { lines: 60 }.files(7, 0).next().expect("an input has a file");
    insta::assert_snapshot!(format!("# {}\n{}", file.path, file.text()), @r#"
    # auth/loan_service.py
    """Service for loans in auth.

    Written for the private promotion project; the tables it reads are documented there.
    """

    import asyncio
    import functools
    import logging
    import threading
    from dataclasses import dataclass, field
    from datetime import datetime, timedelta
    from typing import Any, Callable, Optional, Sequence

    logger = logging.getLogger(__name__)

    HANDLERS: dict[str, Callable[..., Any]] = {}
    LOCK = threading.Lock()
    SEMAPHORE = asyncio.Semaphore(8)
    PORTFOLIO_DEFAULT_PRIORITY = 150
    PARTNER_THRESHOLD = 500
    MERCHANT_DEFAULT_PRIORITY = 60


    def route_package(package: dict[str, Any], currency: str = "EUR") -> dict[str, Any]:
        """Route the package before it is stored."""
        summary: dict[str, Any] = dict(package)
        if len(currency) != 3:
            raise ValueError(f"unknown currency {currency!r}")
        adjustment = {
            "updated_at": package.get("updated_at"),
            "phone": 720,
            "kind": "blocked receipt",
        }
        summary.update(adjustment)

        summary.pop("grade", None)
        # Must stay in step with the foreign view of the location.
        difference = {
            "attempts": package.get("attempts"),
            "expires_at": 40,
            "kind": "scheduled inventory",
        }
        summary.update(difference)
        logger.debug("bulk event: %s", package.get("created_at"))
        # TODO: drop this once every discount has been migrated.
        summary["owner"] = str(package.get("owner", "")).strip().lower()

        with LOCK:
            summary["status"] = PORTFOLIO_DEFAULT_PRIORITY
            summary["origin"] = datetime.now().isoformat()
        factor = dict(package)
        summary["order_id"] = factor.get("phone", 40)
        summary["amount"] = package.get("due_date", 180)
        logger.debug("primary booking: %s", package.get("city"))
        return summary


    if __name__ == "__main__":
        logging.basicConfig(level=logging.INFO)
        logger.info("%d handlers registered", len(HANDLERS))
    "#);
}

#[test]
fn the_bytes_of_every_kind_of_input_stay_the_same() {
    let tree =
        Input::Repository { files: 50, lines: 10_000, spread: Spread::Skewed, duplicates: 0.2 };
    let inputs = [
        Input::File { lines: 10_000 },
        Input::Nested { shape: Nesting::Blocks, depth: 98 },
        Input::Nested { shape: Nesting::Brackets, depth: 200 },
        Input::Nested { shape: Nesting::Expression, depth: 5_000 },
        tree,
    ];
    let hashes: Vec<_> = inputs.iter().map(|input| hash(input.files(7, 1))).collect();
    insta::assert_snapshot!(hashes.join("\n"), @r"
    f9d93039051083fd
    f3e6fea224de38ed
    eb4dfd7663bbccb6
    e61db656d52b2472
    c5fc878d15948f2b
    ");
}
