// SPDX-License-Identifier: MIT
#include "core/codec/syslog.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/ascii.h"
#include "core/codec/time_format.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace eventops {
namespace {

constexpr int PriorityMax = 191;
constexpr std::size_t CountDigitsMax = 7; ///< Octets before a message (RFC 6587).
constexpr std::size_t TagBytesMax = 64;   ///< RFC 3164 says 32, and few keep to it.
constexpr std::size_t DataElementsMax = 100;
constexpr int YearsToLeap = 8; ///< No 29th of February lies further away.
constexpr std::string_view ByteOrderMark = "\xEF\xBB\xBF";

constexpr std::string_view Severities[] = {"emergency", "alert",  "critical", "error",
                                           "warning",   "notice", "info",     "debug"};
constexpr std::string_view Facilities[] = {"kern",   "user",   "mail",    "daemon", "auth",     "syslog",
                                           "lpr",    "news",   "uucp",    "cron",   "authpriv", "ftp",
                                           "ntp",    "audit",  "console", "clock",  "local0",   "local1",
                                           "local2", "local3", "local4",  "local5", "local6",   "local7"};

struct MonthName {
    std::string_view name;
    unsigned month;
};
/// As C and the locales of France and Germany abbreviate them.
constexpr MonthName Months[] = {
    {"Jan", 1},   {"Feb", 2},   {"Mar", 3},   {"Apr", 4},  {"May", 5},   {"Jun", 6},   {"Jul", 7},
    {"Aug", 8},   {"Sep", 9},   {"Oct", 10},  {"Nov", 11}, {"Dec", 12},  {"janv.", 1}, {"févr.", 2},
    {"mars", 3},  {"avril", 4}, {"mai", 5},   {"juin", 6}, {"juil.", 7}, {"août", 8},  {"sept.", 9},
    {"oct.", 10}, {"nov.", 11}, {"déc.", 12}, {"Mär", 3},  {"Mai", 5},   {"Okt", 10},  {"Dez", 12},
};

std::string_view takeWord(std::string_view &rest)
{
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
}

bool isNumber(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<int> numberOf(std::string_view text, int max)
{
    int out = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    const bool whole = failed == std::errc() && end == text.data() + text.size() && isNumber(text);
    return whole && out <= max ? std::optional(out) : std::nullopt;
}

/// "<34>" at the beginning of @p rest, which is taken away. -1: none.
int takePriority(std::string_view &rest)
{
    const std::size_t close = rest.substr(0, 5).find('>');
    if (rest.empty() || rest.front() != '<' || close == std::string_view::npos)
        return -1;
    const auto priority = numberOf(rest.substr(1, close - 1), PriorityMax);
    if (!priority)
        return -1;
    rest.remove_prefix(close + 1);
    return *priority;
}

/// A date and time as RFC 3164 writes them, "Nov  3 09:23:38", with a year behind the day or the time where a device
/// writes one, and with a fraction.
struct TraditionalTime {
    std::string_view text; ///< As written.
    unsigned month = 0;
    int day = 0, year = 0;
    std::string_view clock; ///< "09:23:38.123"

    bool take(std::string_view &rest);
    std::optional<WallNs> in(int inYear, std::int64_t zoneSeconds) const;
};

bool isClock(std::string_view text)
{
    if (text.size() < 8 || text[2] != ':' || text[5] != ':' || !isNumber(text.substr(0, 2))
        || !isNumber(text.substr(3, 2)) || !isNumber(text.substr(6, 2)))
        return false;
    return text.size() == 8 || (text[8] == '.' && isNumber(text.substr(9)));
}

bool TraditionalTime::take(std::string_view &rest)
{
    std::string_view in = rest;
    const std::string_view name = takeWord(in);
    const auto known =
        std::find_if(std::begin(Months), std::end(Months), [&](const auto &m) { return m.name == name; });
    if (known == std::end(Months))
        return false;
    month = known->month;
    while (in.starts_with(' '))
        in.remove_prefix(1);
    const auto number = numberOf(takeWord(in), 31);
    if (!number || *number == 0)
        return false;
    day = *number;
    if (in.size() > 5 && in[4] == ' ' && isNumber(in.substr(0, 4)))
        year = numberOf(takeWord(in), 2261).value_or(0);
    clock = takeWord(in);
    if (clock.ends_with(':'))
        clock.remove_suffix(1);
    if (!isClock(clock))
        return false;
    if (year == 0 && in.size() > 5 && in[4] == ' ' && isNumber(in.substr(0, 4)))
        year = numberOf(takeWord(in), 2261).value_or(0);
    text = trimmed(rest.substr(0, rest.size() - in.size()), " :");
    rest = in;
    return true;
}

std::optional<WallNs> TraditionalTime::in(int inYear, std::int64_t zoneSeconds) const
{
    const auto two = [](int number) {
        return (number < 10 ? "0" : "") + std::to_string(number);
    };
    const auto time = parseTimestamp(std::to_string(inYear) + '-' + two(static_cast<int>(month)) + '-' + two(day) + 'T'
                                     + std::string(clock) + 'Z');
    return time ? std::optional(*time + -zoneSeconds * NsPerSecond) : std::nullopt;
}

std::optional<WallNs> resolved(const TraditionalTime &time, const SyslogSettings &settings)
{
    if (time.year != 0)
        return time.in(time.year, settings.zoneSeconds);
    if (!settings.since)
        return std::nullopt;
    const int first = civilTime(*settings.since).year;
    for (int year = first; year <= first + YearsToLeap; ++year) {
        const auto found = time.in(year, settings.zoneSeconds);
        if (found && *found >= *settings.since)
            return found;
    }
    return std::nullopt;
}

struct Tag {
    std::string_view app, procid;
};

/// "sshd[123]: ", "kernel: ", "Google Chrome[7] (x): " at the beginning of @p rest, which is taken away.
std::optional<Tag> takeTag(std::string_view &rest)
{
    const std::size_t colon = rest.substr(0, TagBytesMax + 64).find(": ");
    const bool atEnd = colon == std::string_view::npos && rest.size() <= TagBytesMax && rest.ends_with(':');
    if (colon == std::string_view::npos && !atEnd)
        return std::nullopt;
    std::string_view head = rest.substr(0, atEnd ? rest.size() - 1 : colon);
    const std::size_t used = std::min(head.size() + 2, rest.size());
    if (const std::size_t aside = head.find(" ("); aside != std::string_view::npos && head.ends_with(')'))
        head = head.substr(0, aside);
    Tag out;
    if (const std::size_t open = head.find('['); open != std::string_view::npos && head.ends_with(']')) {
        out.procid = head.substr(open + 1, head.size() - open - 2);
        head = head.substr(0, open);
    } else if (head.find(' ') != std::string_view::npos) {
        return std::nullopt; // words of a message
    }
    if (head.empty() || head.size() > TagBytesMax || head.find_first_of("[]\n") != std::string_view::npos)
        return std::nullopt;
    out.app = head;
    rest.remove_prefix(used);
    return out;
}

void fieldIfThere(JsonWriter &json, std::string_view name, std::string_view text)
{
    if (!text.empty() && text != "-")
        json.field(name, text);
}

} // namespace

Result<SyslogSettings> SyslogSettings::parse(const Value &settings)
{
    SyslogSettings out;
    const Value *const since = settings.find("since");
    std::string text, offset;
    if (since != nullptr && since->isScalar())
        text = EVENTOPS_TRY(since->text());
    if (!text.empty()) {
        out.since = parseTimestamp(text.size() == 10 ? text + "T00:00:00Z" : text);
        if (!out.since)
            return since->error("since: \"" + text + "\" is no date", "write since: 2025-11-03");
    }
    const Value *const zone = settings.find("zone");
    if (zone != nullptr && zone->isScalar())
        offset = EVENTOPS_TRY(zone->text());
    if (!offset.empty()) {
        const auto seconds = parseZone(offset);
        if (!seconds)
            return zone->error("zone: \"" + offset + "\" is no offset", "write zone: \"+02:00\"");
        out.zoneSeconds = *seconds;
    }
    return out;
}

bool SyslogLine::read(std::string_view line)
{
    const std::size_t space = line.substr(0, CountDigitsMax + 1).find(' ');
    if (space != std::string_view::npos && isNumber(line.substr(0, space)) && line.substr(space + 1).starts_with('<'))
        line.remove_prefix(space + 1);
    std::string_view rest = line;
    m_priority = takePriority(rest);
    m_fields.clear();
    const bool modern = m_priority >= 0 && rest.starts_with("1 ");
    return (modern && readModern(rest.substr(2))) || readTraditional(rest, m_priority >= 0);
}

/// [id name="value" …][…] or -, which is taken away; into m_data. Names that come twice keep both (section 6.3.3).
bool SyslogLine::readData(std::string_view &rest)
{
    m_data.clear();
    if (rest.starts_with('-')) {
        rest.remove_prefix(1);
        return true;
    }
    JsonWriter json(m_data);
    json.beginObject();
    for (std::size_t elements = 0; rest.starts_with('['); ++elements) {
        const std::size_t end = rest.find_first_of(" ]", 1);
        if (end == std::string_view::npos || end == 1 || elements == DataElementsMax)
            return false;
        json.key(rest.substr(1, end - 1)).beginObject();
        rest.remove_prefix(end);
        while (rest.starts_with(' ')) {
            rest.remove_prefix(1);
            const std::size_t equals = rest.find("=\"");
            if (equals == std::string_view::npos || equals == 0 || rest.substr(0, equals).find_first_of(" ]") < equals)
                return false;
            std::string value;
            std::size_t at = equals + 2;
            for (; at < rest.size() && rest[at] != '"'; ++at) {
                const bool escape = rest[at] == '\\' && at + 1 < rest.size()
                                    && (rest[at + 1] == '"' || rest[at + 1] == '\\' || rest[at + 1] == ']');
                at += escape ? 1 : 0;
                value += rest[at];
            }
            if (at >= rest.size())
                return false;
            json.field(rest.substr(0, equals), value);
            rest.remove_prefix(at + 1);
        }
        if (!rest.starts_with(']'))
            return false;
        rest.remove_prefix(1);
        json.endObject();
    }
    json.endObject();
    return true;
}

/// RFC 5424 behind its version.
bool SyslogLine::readModern(std::string_view rest)
{
    const std::string_view time = takeWord(rest);
    if (time != "-" && !parseTimestamp(time))
        return false;
    std::array<std::string_view, 4> words; // host, app, procid, msgid
    for (std::string_view &word : words) {
        word = takeWord(rest);
        if (word.empty())
            return false;
    }
    if (!readData(rest) || (!rest.empty() && rest.front() != ' '))
        return false;
    rest.remove_prefix(rest.empty() ? 0 : 1);
    if (rest.starts_with(ByteOrderMark))
        rest.remove_prefix(ByteOrderMark.size());
    m_fields.clear();
    JsonWriter json(m_fields);
    json.beginObject().field("format", "rfc5424").field("facility", Facilities[m_priority / 8]);
    json.field("severity", Severities[m_priority % 8]);
    fieldIfThere(json, "time", time);
    fieldIfThere(json, "host", words[0]);
    fieldIfThere(json, "app", words[1]);
    fieldIfThere(json, "procid", words[2]);
    fieldIfThere(json, "msgid", words[3]);
    if (!m_data.empty())
        json.key("data").raw(m_data);
    if (!rest.empty())
        json.field("message", rest);
    json.endObject();
    return true;
}

/// RFC 3164 behind its priority; without one only a line that says when it was and, if by an ISO time, who wrote it.
bool SyslogLine::readTraditional(std::string_view rest, bool hasPriority)
{
    std::string_view sequence;
    const std::size_t colon = hasPriority ? rest.substr(0, 12).find(": ") : std::string_view::npos;
    if (colon != std::string_view::npos && isNumber(rest.substr(0, colon))) {
        sequence = rest.substr(0, colon);
        rest.remove_prefix(colon + 2);
    }
    if (hasPriority && (rest.starts_with('*') || rest.starts_with('.')))
        rest.remove_prefix(1); // a clock that is not set, or not in step
    TraditionalTime traditional;
    std::string time;
    if (traditional.take(rest)) {
        if (const auto found = resolved(traditional, m_settings))
            time = formatTimestamp(*found);
    } else {
        std::string_view behind = rest;
        const std::string_view word = takeWord(behind);
        std::string_view message = behind;
        takeWord(message);
        const bool isTime = word.size() > 19 && word[10] == 'T' && parseTimestamp(word);
        if (!hasPriority && !(isTime && takeTag(message)))
            return false;
        if (isTime) {
            time = word;
            rest = behind;
        }
    }
    writeTraditional(rest, sequence, time, time.empty() ? traditional.text : std::string_view());
    return true;
}

void SyslogLine::writeTraditional(std::string_view rest, std::string_view sequence, std::string_view time,
                                  std::string_view localTime)
{
    std::string_view host;
    std::string_view behindHost = rest;
    const bool hasTime = !time.empty() || !localTime.empty();
    // Without a time all of it is the message (RFC 3164, section 4.3.3).
    const bool hasHost = hasTime && !rest.starts_with('%') && rest.find(' ') != std::string_view::npos;
    if (const std::string_view word = hasHost ? takeWord(behindHost) : std::string_view();
        !word.empty() && !word.ends_with(':') && word.find_first_of("[]") == std::string_view::npos) {
        host = word;
        rest = behindHost.starts_with(": ") ? behindHost.substr(2) : behindHost;
    }
    const std::optional<Tag> tag = takeTag(rest);
    m_fields.clear();
    JsonWriter json(m_fields);
    json.beginObject().field("format", "rfc3164");
    if (m_priority >= 0)
        json.field("facility", Facilities[m_priority / 8]).field("severity", Severities[m_priority % 8]);
    fieldIfThere(json, "time", time);
    fieldIfThere(json, "local_time", localTime);
    fieldIfThere(json, "sequence", sequence);
    fieldIfThere(json, "host", host);
    if (tag) {
        fieldIfThere(json, "app", tag->app);
        fieldIfThere(json, "procid", tag->procid);
    }
    json.field("message", rest).endObject();
}

} // namespace eventops
