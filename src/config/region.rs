//! Turns `[region]` into where visitors are, and the law there.
//!
//! 1. Regions without a way to find out where a visitor is are a mistake, and so is one region under two laws.
//! 2. A database that cannot be read is a mistake, not an unknown place.

use super::{
    meaning::{Wrong, shown, some_text, text},
    reader::{Reader, Table},
    schema::REGION,
};
use crate::{
    engine::{Locator, Places},
    policy::{Regime, Region, Regions},
};
use http::HeaderName;
use std::{collections::BTreeMap, fs};
use toml::de::DeValue;

/// The largest database that is read: MaxMind's own of cities has about 60 MiB.
const LARGEST: u64 = 512 << 20;

pub(super) fn region<'t>(reader: &mut Reader<'t>, top: &Table<'t>) -> Locator {
    let Some(table) = reader.table(top, "region", &REGION) else { return Locator::default() };
    let regions = regions(reader, &table);
    let header = reader.value(&table, "header", header).flatten();
    let places = places(reader, &table);
    let asked = ["header", "database"].iter().any(|key| table.get(key).is_some_and(is_written));
    if regions != Regions::default() && !asked {
        let what = "[region] lists regions, and nothing says where a visitor is".to_owned();
        let instead = "write `header = \"CF-IPCountry\"` or `database = \"GeoLite2-Country.mmdb\"`";
        reader.missing(table.start(), what, instead);
    }
    Locator { header, places, regions }
}

fn is_written(value: &toml::Spanned<DeValue<'_>>) -> bool {
    value.get_ref().as_str() != Some("")
}

fn regions<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Regions {
    let mut regions: BTreeMap<Region, Regime> = BTreeMap::new();
    let laws = [("opt_in", Regime::OptIn), ("opt_out", Regime::OptOut), ("none", Regime::None)];
    for (key, regime) in laws {
        for (region, at) in reader.list(table, key, code).unwrap_or_default() {
            if regions.insert(region.clone(), regime).is_some() {
                let what = format!("`{region}` is listed twice in [region]");
                reader.report(at, what, "keep it in one of the lists");
            }
        }
    }
    regions.into_iter().collect()
}

fn code(value: &DeValue<'_>) -> Result<Region, Wrong> {
    let text = some_text(value)?;
    let instead = "write a country as \"US\", or a part of one as \"US-CA\"";
    text.parse().map_err(|_| Wrong::text(&text, ", which is no region", instead))
}

fn header(value: &DeValue<'_>) -> Result<Option<HeaderName>, Wrong> {
    let text = text(value)?;
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |_| Wrong::text(&text, ", which no header can be named", "write a header's name");
    text.parse().map(Some).map_err(wrong)
}

fn places<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Option<Places> {
    let written = reader.value(table, "database", text).filter(|path| !path.is_empty())?;
    let path = reader.base().join(&written);
    let read = match fs::metadata(&path) {
        Ok(about) if about.len() > LARGEST => Err("it is too large".to_owned()),
        Ok(_) => fs::read(&path).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let places = read.and_then(|bytes| Places::new(bytes).map_err(|error| error.to_string()));
    places
        .map_err(|error| {
            let what = format!("`database` is {}: {error}", shown(&written));
            let instead = "write the path of a database in MaxMind's format, relative to this file";
            reader.report(table.at("database"), what, instead);
        })
        .ok()
}
