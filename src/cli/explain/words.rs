//! Turns what is known of a visitor, and what was decided, into lines for people.

use super::{Known, decide::Decided};
use crate::{
    consent::{Signal, Vote},
    policy::Ruling,
    purpose::Purpose,
    vendor::Source,
};

pub(super) fn text(known: &Known<'_>) -> String {
    let mut lines = vec!["Signals".to_owned()];
    lines.extend(known.consent.signals.iter().map(signal));
    if known.consent.signals.is_empty() {
        lines.push("  none: the request says nothing of the visitor's choice".to_owned());
    }
    lines.push(format!("\nConsent, where the law is {}", known.regime.name()));
    lines.extend(Purpose::OPTIONAL.into_iter().filter_map(|purpose| grant(known.ruling, purpose)));
    lines.extend(known.decided.as_ref().map(decision));
    lines.extend(known.told.as_ref().map(super::forward::Told::text));
    lines.join("\n")
}

fn signal(signal: &Signal) -> String {
    let votes = Purpose::OPTIONAL.map(|purpose| match signal.votes.on(purpose) {
        Vote::Grant => format!("{purpose} yes"),
        Vote::Deny => format!("{purpose} no"),
        Vote::Silent => format!("{purpose} -"),
    });
    let Signal { name, basis, votes: _, note } = signal;
    format!("  {name}: {} ({note})\n    {}", basis.name(), votes.join(", "))
}

fn grant(ruling: &Ruling, purpose: Purpose) -> Option<String> {
    let grant = ruling.grant(purpose)?;
    let granted = if grant.granted { "granted" } else { "not granted" };
    let (name, reason) = (purpose.name(), &grant.reason);
    Some(format!("  {name:<11} {granted:<12} {reason}"))
}

fn decision(decided: &Decided) -> String {
    let vendor = match &decided.judged {
        Some(judged) => {
            let vendor = &judged.vendor;
            let known = known_by(vendor.source);
            format!("{} ({}), {}; {known}", vendor.name, vendor.id, vendor.purpose)
        }
        None => "nobody's that needs a decision".to_owned(),
    };
    let Decided { what, judged: _, reason, effect } = decided;
    let verdict = decided.verdict().name();
    format!("\nDecision\n  {what}\n  {vendor}\n  {verdict}: {reason}\n  {effect}")
}

/// How something was recognised, in words.
const fn known_by(source: Source) -> &'static str {
    match source {
        Source::Catalog => "known from the vendor catalogue",
        Source::LongTail => "known from the long tail of tracker domains",
        Source::List => "on a filter list",
        Source::Heuristic => "it announces itself by its name or shape (heuristics)",
        Source::ThirdParty => "every other site is gated (third_party = \"all\")",
        Source::Operator => "the operator named it",
    }
}
