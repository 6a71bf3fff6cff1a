//! What function bodies are made of: the statements, by what the function works on.
//!
//! Every table has statements of one line, so that any number of lines can be filled. A statement
//! uses only the holes of [`super::template`], the parameters named here, and, in `rich` tables,
//! what the header of a full module defines. Names it makes for itself are its own.

/// What a function works on; everything in its body follows from it.
#[derive(Debug)]
pub(super) struct Kind {
    /// The annotation of the parameter.
    pub(super) takes: &'static str,
    /// The annotation of the result.
    pub(super) gives: &'static str,
    /// How the parameter is described.
    pub(super) about: &'static str,
    /// How the result is described.
    pub(super) outcome: &'static str,
    /// The names a result may have.
    pub(super) results: &'static [&'static str],
    /// The first value of the result.
    pub(super) start: &'static str,
    /// A function to call while the module has none of this kind.
    pub(super) builtin: &'static str,
    /// Statements that need nothing but the function.
    pub(super) plain: &'static [&'static str],
    /// Statements that need a full header.
    pub(super) rich: &'static [&'static str],
}

/// A further parameter, with the statement that uses it.
#[derive(Debug)]
pub(super) struct Extra {
    pub(super) declaration: &'static str,
    pub(super) about: &'static str,
    pub(super) used: &'static str,
}

/// Further parameters that suit every kind.
pub(super) const EXTRAS: &[Extra] = &[
    Extra {
        declaration: "strict: bool = False",
        about: "strict: Whether nothing to work on is an error.",
        used: "if strict and not $s:\n    raise ValueError(\"nothing to work on: $a $w\")",
    },
    Extra {
        declaration: "limit: int = 50",
        about: "limit: The most that is accepted before a warning.",
        used: "if limit <= 0:\n    raise ValueError(f\"limit must be positive, not {limit}\")",
    },
    Extra {
        declaration: "currency: str = \"EUR\"",
        about: "currency: The ISO code that amounts are booked in.",
        used: "if len(currency) != 3:\n    raise ValueError(f\"unknown currency {currency!r}\")",
    },
    Extra {
        declaration: "dry_run: Optional[bool] = None",
        about: "dry_run: Whether to leave everything as it was.",
        used: "if dry_run:\n    return $r",
    },
];

/// Statements for asynchronous functions.
pub(super) const AWAITS: &[&str] = &[
    "await asyncio.sleep($n / 1_000)",
    "async with SEMAPHORE:\n    await asyncio.sleep(0)",
    "await asyncio.wait_for(asyncio.sleep(0), timeout=$c)",
];

/// Statements for methods: every generated class has `entries` and `counters`.
pub(super) const METHOD_STATEMENTS: &[&str] = &[
    "self.counters[\"$k\"] = self.counters.get(\"$k\", 0) + 1",
    "self.entries.append({\"$k\": $n, \"$o\": None})",
    "if len(self.entries) > $n:\n    self.entries.pop(0)",
    "for entry in self.entries:\n    entry.setdefault(\"$k\", $n)",
    "$x = self.counters.get(\"$k\", 0)\nif $x >= $n:\n    self.counters.clear()",
];

/// Comments: they say why, like good ones do.
pub(super) const COMMENTS: &[&str] = &[
    "# The $w service may send the same $k twice.",
    "# Older records have no $k, see the $a $w migration.",
    "# Must stay in step with the $a view of the $w.",
    "# The $w team relies on `$k` being set here.",
    "# Rounding happens once, at the end of the month.",
    "# TODO: drop this once every $w has been migrated.",
];

/// One record in, the changed record out.
pub(super) const RECORD: Kind = Kind {
    takes: "dict[str, Any]",
    gives: "dict[str, Any]",
    about: "The record as it was stored.",
    outcome: "A copy of the record with the changes applied.",
    results: &["result", "payload", "summary", "record"],
    start: "$r: dict[str, Any] = dict($s)",
    builtin: "dict",
    plain: &[
        "$r[\"$k\"] = $s.get(\"$o\", $n)",
        "$r.setdefault(\"$k\", $n)",
        "$r[\"$k\"] = str($s.get(\"$k\", \"\")).strip().lower()",
        "$r[\"$k\"] = f\"{$s.get('$o')}:{$r.get('$k')}\"",
        "$r.pop(\"$k\", None)",
        "if \"$k\" not in $s:\n    $r[\"$k\"] = $n",
        "$x = $f($s)\n$r[\"$k\"] = $x.get(\"$o\", $n)",
        "$x = int($s.get(\"$k\", 0))\nif $x > $n:\n    $r[\"$o\"] = $x - $n",
        "if $s.get(\"$k\") is None and $s.get(\"$o\"):\n    $r.update($f($s))\n    \
            $r[\"$k\"] = $s[\"$o\"]",
        "try:\n    $r[\"$k\"] = int($s[\"$k\"])\nexcept (KeyError, ValueError):\n    \
            $r[\"$k\"] = $n",
        "for name, value in sorted($s.items()):\n    if value is None:\n        continue\n    \
            $r[name] = value",
        "$x = {\n    \"$k\": $s.get(\"$k\"),\n    \"$o\": $n,\n    \"kind\": \"$a $w\",\n}\n\
            $r.update($x)",
        "if $s.get(\"$k\") == \"$a\":\n    $r[\"$o\"] = $n\nelif $s.get(\"$k\") == \"$w\":\n    \
            $r[\"$o\"] = 0\nelse:\n    $r[\"$o\"] = None",
        "$x = [name for name in $s if name.startswith(\"$k\")]\nif len($x) > 1:\n    \
            raise ValueError(f\"ambiguous $k: {', '.join($x)}\")",
    ],
    rich: &[
        "logger.debug(\"$a $w: %s\", $s.get(\"$k\"))",
        "if $s.get(\"$k\", 0) > $c:\n    logger.warning(\"$k is too large for the $a $w\")",
        "with LOCK:\n    $r[\"$k\"] = $c\n    $r[\"$o\"] = datetime.now().isoformat()",
        "$x = datetime.now() - timedelta(days=$n)\n$r[\"$k\"] = $x.date().isoformat()",
        "try:\n    $r = $f($r)\nexcept KeyError as error:\n    \
            logger.error(\"the $a $w has no %s\", error)\n    raise",
        "for attempt in range($c):\n    if $r.get(\"$k\"):\n        break\n    \
            logger.info(\"waiting for $k, attempt %d\", attempt)\n    $r = $f($r)",
    ],
};

/// Many records in, some of them out.
pub(super) const BATCH: Kind = Kind {
    takes: "Sequence[dict[str, Any]]",
    gives: "list[dict[str, Any]]",
    about: "The records to look at, oldest first.",
    outcome: "The records that were kept, in the same order.",
    results: &["selected", "kept", "found", "collected"],
    start: "$r: list[dict[str, Any]] = []",
    builtin: "list",
    plain: &[
        "$r = [entry for entry in $s if entry.get(\"$k\") is not None]",
        "$r.extend(entry for entry in $s if \"$k\" in entry)",
        "$r.sort(key=lambda entry: str(entry.get(\"$k\", \"\")))",
        "$x = sum(entry.get(\"$k\", 0) for entry in $r)",
        "for entry in $s:\n    $r.append({**entry, \"$k\": $n})",
        "$x = $f($s)\n$r.extend($x[:$n])",
        "if not $r:\n    return list($s)",
        "for entry in $s:\n    if entry.get(\"$k\") == \"$a\":\n        $r.append(entry)",
        "for index, entry in enumerate($s):\n    if index % $n == 0:\n        \
            entry[\"$k\"] = index\n        $r.append(entry)",
        "$x: dict[str, int] = {}\nfor entry in $s:\n    name = str(entry.get(\"$k\"))\n    \
            $x[name] = $x.get(name, 0) + 1",
        "$x = 0\nwhile $x < len($s) and len($r) < $n:\n    $r.append($s[$x])\n    $x += 1",
        "for entry in $f($s):\n    $x = entry.get(\"$k\", 0)\n    if $x > $n:\n        \
            entry[\"$o\"] = $x - $n\n    else:\n        entry[\"$o\"] = 0",
        "$x = {entry.get(\"$k\") for entry in $s}\nif len($x) != len($s):\n    \
            raise ValueError(f\"{len($s) - len($x)} repeated values of $k\")",
    ],
    rich: &[
        "logger.info(\"%d of %d $a records kept\", len($r), len($s))",
        "if len($s) > $c:\n    logger.warning(\"too many records for the $a $w\")",
        "with LOCK:\n    $r.extend($f($s))\n    logger.debug(\"added $a $w records\")",
        "$x = datetime.now() - timedelta(days=$c)\n$r = [\n    entry\n    for entry in $s\n    \
            if entry.get(\"$k\", $x) >= $x\n]",
        "for entry in $s:\n    try:\n        $r.append({\"$k\": int(entry[\"$k\"])})\n    \
            except (KeyError, TypeError):\n        logger.exception(\"bad $a $w\")\n        \
            continue",
    ],
};

/// A number in, a number out.
pub(super) const AMOUNT: Kind = Kind {
    takes: "int",
    gives: "int",
    about: "The amount, in cents.",
    outcome: "The new amount, in cents.",
    results: &["total", "subtotal", "amount_due"],
    start: "$r = $s",
    builtin: "abs",
    plain: &[
        "$r += $s * $n // 100",
        "$r -= min($r, $n)",
        "$r = max($r, $n)",
        "$x = $f($s)",
        "if $s > $n:\n    $r -= $s // $n",
        "$x = divmod($r, $n)\n$r = $x[0] + min($x[1], 1)",
        "if $s < 0:\n    raise ValueError(f\"$a $w of {$s} is negative\")",
        "for $x in (1, 7, 30):\n    if $r > $x * $n:\n        $r += $f($x)",
        "while $r > $n * 100:\n    # The surplus is booked in the next period.\n    \
            $r -= $n",
        "$x = [$f($s), $s + $n, $r]\n$r = sorted($x)[1]",
        "if $s == 0:\n    return 0",
    ],
    rich: &[
        "$r = min($r, $c * 100)",
        "logger.debug(\"$a $w: %d of %d cents\", $r, $s)",
        "if $r > $c:\n    logger.info(\"$a $w above %d\", $c)\n    $r = $f($c)",
        "with LOCK:\n    $x = $f($r)\n    $r = max($x, $r) - $n",
    ],
};

/// All kinds, in the order in which modules remember their functions.
pub(super) const KINDS: [&Kind; 3] = [&RECORD, &BATCH, &AMOUNT];

#[cfg(test)]
mod tests {
    use super::super::template::lines_of;
    use super::*;

    #[test]
    fn every_kind_can_fill_a_single_line() {
        for kind in KINDS {
            assert!(kind.plain.iter().any(|statement| lines_of(statement) == 1));
        }
    }
}
