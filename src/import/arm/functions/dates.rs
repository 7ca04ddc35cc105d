//! Points in time.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions-date.md.

use crate::base::Date;
use crate::import::Data;

use super::call::{Call, ONLY_AZURE_KNOWS, Outcome};

const DAY: i64 = 86_400;

/// `dateTimeFromEpoch(seconds)`
pub(super) fn from_epoch(call: &Call<'_>) -> Outcome {
    let text = written(call.int(0)?, "yyyy-MM-ddTHH:mm:ssZ").ok_or(ONLY_AZURE_KNOWS)?;
    call.string_value(text)
}

/// `dateTimeToEpoch(time)`
pub(super) fn to_epoch(call: &Call<'_>) -> Outcome {
    let seconds = read(call.known_text(0)?).ok_or(ONLY_AZURE_KNOWS)?;
    Ok(call.value(Data::Int(seconds)))
}

/// `dateTimeAdd(time, duration, format)`.
///
/// Without a format the page says that the one of the time is kept, and shows an example where it is not; so this is
/// left to Azure.
pub(super) fn add(call: &Call<'_>) -> Outcome {
    let base = call.known_text(0)?;
    let duration = call.known_text(1)?;
    let Some(duration) = Duration::read(duration) else {
        return Err(call.wrong(format!(
            "wants a duration such as `P1D` or `-PT2H`, not `{duration}`"
        )));
    };
    if call.arguments.len() < 3 {
        return Err(ONLY_AZURE_KNOWS);
    }
    let format = call.known_text(2)?;
    let sum = read(base).and_then(|base| duration.added_to(base));
    let text = sum.and_then(|sum| written(sum, format));
    call.string_value(text.ok_or(ONLY_AZURE_KNOWS)?)
}

/// Seconds since 1970 of `2020-04-07T14:53:14Z`, the same with a space, or `20200407T145314Z`.
fn read(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z')?;
    let (date, time) = text.split_once(['T', ' '])?;
    let digits = |text: &str, separator: char| -> Option<String> {
        let joined: String = text.split(separator).collect();
        let plain = joined.bytes().all(|byte| byte.is_ascii_digit());
        plain.then_some(joined)
    };
    let (date, time) = (digits(date, '-')?, digits(time, ':')?);
    if date.len() != 8 || time.len() != 6 {
        return None;
    }
    let number = |text: &str, from: usize, to: usize| text.get(from..to)?.parse::<u16>().ok();
    let short = |text: &str, from: usize| number(text, from, from + 2)?.try_into().ok();
    let day = Date::new(number(&date, 0, 4)?, short(&date, 4)?, short(&date, 6)?)?;
    let (hour, minute, second): (u8, u8, u8) =
        (short(&time, 0)?, short(&time, 2)?, short(&time, 4)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let in_day = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    Some(day.unix_days() * DAY + in_day)
}

/// A point in time in a format of .NET. Nothing for formats with names of days or months, and for years beyond 9999.
///
/// Source: dotnet/docs, docs/standard/base-types/custom-date-and-time-format-strings.md.
fn written(seconds: i64, format: &str) -> Option<String> {
    let format = match format {
        "u" => "yyyy-MM-dd HH:mm:ssZ",
        "s" => "yyyy-MM-ddTHH:mm:ss",
        // As Azure's example of `utcNow` shows it.
        "d" => "MM/dd/yyyy",
        // One letter alone is a standard format.
        other if other.chars().count() == 1 => return None,
        other => other,
    };
    let date = Date::from_unix_days(seconds.div_euclid(DAY))?.to_string();
    let (hour, minute) = (seconds.rem_euclid(DAY) / 3600, seconds.div_euclid(60));
    let fields = [
        ("yyyy", date.get(..4)?.to_owned()),
        ("MM", date.get(5..7)?.to_owned()),
        ("dd", date.get(8..10)?.to_owned()),
        ("HH", format!("{hour:02}")),
        ("mm", format!("{:02}", minute.rem_euclid(60))),
        ("ss", format!("{:02}", seconds.rem_euclid(60))),
        ("M", date.get(5..7)?.trim_start_matches('0').to_owned()),
        ("d", date.get(8..10)?.trim_start_matches('0').to_owned()),
        ("H", hour.to_string()),
        ("m", minute.rem_euclid(60).to_string()),
        ("s", seconds.rem_euclid(60).to_string()),
    ];
    let mut text = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        let run = rest.chars().take_while(|next| *next == first).count();
        let (letters, behind) = rest.split_at_checked(run * first.len_utf8())?;
        match fields.iter().find(|(name, _)| *name == letters) {
            Some((_, field)) => text.push_str(field),
            None if matches!(first, '-' | '/' | ':' | '.' | ' ' | 'T' | 'Z' | '_') => {
                text.push_str(letters);
            }
            None => return None,
        }
        rest = behind;
    }
    Some(text)
}

/// A duration such as `-P1Y2M3DT4H5M6S`.
struct Duration {
    sign: i64,
    years: i64,
    months: i64,
    seconds: i64,
}

impl Duration {
    fn read(text: &str) -> Option<Self> {
        let (sign, text) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let rest = text.strip_prefix('P')?;
        let (days, times) = match rest.split_once('T') {
            Some((_, "")) => return None,
            Some((days, times)) => (days, times),
            None => (rest, ""),
        };
        if rest.is_empty() {
            return None;
        }
        let [years, months, weeks, day] = counted(days, ['Y', 'M', 'W', 'D'])?;
        let [hours, minutes, seconds, _] = counted(times, ['H', 'M', 'S', '\0'])?;
        let in_days = weeks.checked_mul(7)?.checked_add(day)?.checked_mul(DAY)?;
        let in_hours = hours
            .checked_mul(60)?
            .checked_add(minutes)?
            .checked_mul(60)?;
        Some(Self {
            sign,
            years,
            months,
            seconds: in_days.checked_add(in_hours)?.checked_add(seconds)?,
        })
    }

    /// Whether a year is a calendar year or 365 days, and a month likewise, is not documented; so both ways must agree.
    fn added_to(&self, base: i64) -> Option<i64> {
        if self.months != 0 {
            return None;
        }
        let days = self.years.checked_mul(365 * DAY)?;
        let plain = base.checked_add(self.sign * days.checked_add(self.seconds)?)?;
        let date = Date::from_unix_days(base.div_euclid(DAY))?.to_string();
        let year = date.get(..4)?.parse::<i64>().ok()? + self.sign * self.years;
        let moved: Date = format!("{year:04}{}", date.get(4..)?).parse().ok()?;
        let calendar = moved.unix_days() * DAY + base.rem_euclid(DAY);
        let calendar = calendar.checked_add(self.sign * self.seconds)?;
        (plain == calendar).then_some(plain)
    }
}

/// The numbers before the letters, which come in order, each once at most.
fn counted(text: &str, letters: [char; 4]) -> Option<[i64; 4]> {
    let mut counts = [0; 4];
    let mut rest = text;
    for (letter, count) in letters.into_iter().zip(&mut counts) {
        if let Some((digits, behind)) = rest.split_once(letter)
            && !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
        {
            *count = digits.parse().ok()?;
            rest = behind;
        }
    }
    rest.is_empty().then_some(counts)
}
