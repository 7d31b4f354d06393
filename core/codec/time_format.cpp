// SPDX-License-Identifier: MIT
#include "core/codec/time_format.h"

#include "core/base/time.h"

#include <array>
#include <charconv>
#include <utility>

namespace eventops {
namespace {

constexpr std::string_view Letters = "YymdebBHIpMSfzsaAj%";
constexpr std::array<std::string_view, 12> Months = {"january", "february", "march", "april", "may", "june",
                                                     "july", "august", "september", "october", "november", "december"};
constexpr std::array<std::string_view, 7> Weekdays = {"monday", "tuesday", "wednesday", "thursday", "friday",
                                                      "saturday",
                                                      "sunday"};

/// The names of RFC 822, and those of Europe; others mean several zones.
constexpr std::pair<std::string_view, int> ZoneHours[] = {{"est", -5}, {"edt", -4}, {"cst", -6}, {"cdt", -5},
                                                          {"mst", -7}, {"mdt", -6}, {"pst", -8}, {"pdt", -7},
                                                          {"cest", 2}, {"cet", 1},  {"eest", 3}, {"eet", 2},
                                                          {"wet", 0},  {"jst", 9}};

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

/// A text being read from the front.
struct Input {
    std::string_view rest;

    bool number(std::size_t digitsMax, std::int64_t &out)
    {
        std::size_t n = 0;
        out = 0;
        while (n < digitsMax && n < rest.size() && isDigit(rest[n]))
            out = out * 10 + (rest[n++] - '0');
        rest.remove_prefix(n);
        return n > 0;
    }

    /// A full name or its first three letters, in any case; its index, −1: none.
    template <std::size_t N>
    int name(const std::array<std::string_view, N> &names)
    {
        for (std::size_t i = 0; i < N; ++i) {
            for (const std::string_view candidate : {names[i], names[i].substr(0, 3)}) {
                if (startsWith(candidate)) {
                    rest.remove_prefix(candidate.size());
                    return static_cast<int>(i);
                }
            }
        }
        return -1;
    }

    bool startsWith(std::string_view lower) const
    {
        if (rest.size() < lower.size())
            return false;
        for (std::size_t i = 0; i < lower.size(); ++i) {
            const char c = rest[i] >= 'A' && rest[i] <= 'Z' ? static_cast<char>(rest[i] + 32) : rest[i];
            if (c != lower[i])
                return false;
        }
        return true;
    }
};

struct Fields {
    std::int64_t year = 0, month = 1, day = 1, dayOfYear = 0, hour = 0, minute = 0, second = 0, ns = 0;
    std::int64_t epoch = 0;
    std::optional<std::int64_t> zone;
    int afternoon = -1;
    bool hasEpoch = false, twelveHours = false;
};

bool readFraction(Input &in, std::int64_t &ns)
{
    std::size_t n = 0;
    ns = 0;
    while (n < in.rest.size() && isDigit(in.rest[n])) {
        if (n < 9)
            ns = ns * 10 + (in.rest[n] - '0');
        ++n;
    }
    in.rest.remove_prefix(n);
    for (std::size_t i = n; i < 9; ++i)
        ns *= 10;
    return n > 0;
}

bool readZone(Input &in, Fields &f)
{
    std::size_t n = 0;
    for (const auto &[name, hours] : ZoneHours) {
        if (in.startsWith(name)) {
            in.rest.remove_prefix(name.size());
            f.zone = hours * 3'600;
            return true;
        }
    }
    if (!in.rest.empty() && (in.rest[0] == '+' || in.rest[0] == '-')) {
        n = 1;
        while (n < in.rest.size() && n < 6 && (isDigit(in.rest[n]) || in.rest[n] == ':'))
            ++n;
    } else if (in.startsWith("utc") || in.startsWith("gmt")) {
        n = 3;
    } else if (in.startsWith("z")) {
        n = 1;
    }
    f.zone = parseZone(in.rest.substr(0, n));
    in.rest.remove_prefix(n);
    return f.zone.has_value();
}

bool readEpoch(Input &in, Fields &f)
{
    const auto [end, error] = std::from_chars(in.rest.data(), in.rest.data() + in.rest.size(), f.epoch);
    if (error != std::errc())
        return false;
    in.rest.remove_prefix(static_cast<std::size_t>(end - in.rest.data()));
    f.hasEpoch = true;
    return true;
}

bool readField(char letter, Input &in, Fields &f)
{
    int index = 0;
    switch (letter) {
    case 'Y': return in.number(4, f.year);
    case 'y':
        if (!in.number(2, f.year))
            return false;
        f.year += f.year < 69 ? 2000 : 1900; // POSIX
        return true;
    case 'm': return in.number(2, f.month);
    case 'e':
        if (!in.rest.empty() && in.rest[0] == ' ')
            in.rest.remove_prefix(1);
        return in.number(2, f.day);
    case 'd': return in.number(2, f.day);
    case 'j': return in.number(3, f.dayOfYear);
    case 'b':
    case 'B':
        index = in.name(Months);
        f.month = index + 1;
        return index >= 0;
    case 'a':
    case 'A': return in.name(Weekdays) >= 0;
    case 'H': return in.number(2, f.hour);
    case 'I':
        f.twelveHours = true;
        return in.number(2, f.hour) && f.hour >= 1 && f.hour <= 12;
    case 'p':
        f.afternoon = in.startsWith("am") ? 0 : in.startsWith("pm") ? 1 : -1;
        in.rest.remove_prefix(f.afternoon < 0 ? 0 : 2);
        return f.afternoon >= 0;
    case 'M': return in.number(2, f.minute);
    case 'S': return in.number(2, f.second);
    case 'f': return readFraction(in, f.ns);
    case 'z': return readZone(in, f);
    case 's': return readEpoch(in, f);
    default:
        if (in.rest.empty() || in.rest[0] != '%')
            return false;
        in.rest.remove_prefix(1);
        return true;
    }
}

std::optional<WallNs> assemble(Fields f, const TimeFormat::Options &options)
{
    constexpr std::int64_t YearMin = 1678, YearMax = 2261; // what WallNs covers whole
    constexpr std::int64_t Days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (f.hasEpoch) {
        const auto base = timestampFromEpoch(f.epoch);
        return base ? std::optional(*base + f.ns) : std::nullopt;
    }
    if (f.year == 0)
        f.year = options.year;
    const bool leap = (f.year % 4 == 0 && f.year % 100 != 0) || f.year % 400 == 0;
    if (f.year < YearMin || f.year > YearMax || f.month < 1 || f.month > 12 || f.day < 1 || f.hour > 23 || f.minute > 59
        || f.second > 60 || f.day > Days[f.month - 1] + (leap && f.month == 2) || f.dayOfYear > 365 + leap)
        return std::nullopt;
    if (f.twelveHours)
        f.hour = f.hour % 12 + (f.afternoon == 1 ? 12 : 0);
    if (f.second == 60) { // a leap second, as parseTimestamp takes it
        f.second = 59;
        f.ns = NsPerSecond - 1;
    }
    std::int64_t days = daysFromCivil(f.year, static_cast<unsigned>(f.month), static_cast<unsigned>(f.day));
    if (f.dayOfYear > 0)
        days = daysFromCivil(f.year, 1, 1) + f.dayOfYear - 1;
    const std::int64_t seconds = days * 86'400 + f.hour * 3'600 + f.minute * 60 + f.second
                               - f.zone.value_or(options.zoneSeconds);
    return WallNs{seconds * NsPerSecond + f.ns};
}

} // namespace

std::optional<std::int64_t> parseZone(std::string_view text)
{
    if (text == "Z" || text == "z" || text == "UTC" || text == "GMT" || text == "utc")
        return 0;
    // The same grammar as at the end of an RFC 3339 text.
    const auto time = text.empty() ? std::nullopt : parseTimestamp("1970-01-02T00:00:00" + std::string(text));
    return time ? std::optional((86'400 * NsPerSecond - raw(*time)) / NsPerSecond) : std::nullopt;
}

std::optional<TimeFormat> TimeFormat::compile(std::string_view format, Options options, std::string &error)
{
    TimeFormat out;
    out.m_format = format;
    out.m_options = options;
    if (format == "rfc3339" || format == "epoch")
        return out;
    bool hasYear = options.year != 0;
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '%')
            continue;
        ++i;
        if (i == format.size() || Letters.find(format[i]) == std::string_view::npos) {
            error = "time format \"" + std::string(format) + "\" has an unknown directive %"
                  + std::string(format.substr(i, 1));
            return std::nullopt;
        }
        hasYear = hasYear || format[i] == 'Y' || format[i] == 'y' || format[i] == 's';
    }
    if (!hasYear) {
        error = "time format \"" + std::string(format) + "\" has no year";
        return std::nullopt;
    }
    return out;
}

std::optional<WallNs> TimeFormat::parse(std::string_view text) const
{
    if (m_format == "rfc3339")
        return parseTimestamp(text);
    if (m_format == "epoch")
        return timestampFromEpochText(text);
    Input in{text};
    Fields fields;
    for (std::size_t i = 0; i < m_format.size(); ++i) {
        const char c = m_format[i];
        if (c == '%') {
            if (!readField(m_format[++i], in, fields))
                return std::nullopt;
        } else if (c == ' ') {
            if (in.rest.empty() || in.rest[0] != ' ')
                return std::nullopt;
            while (!in.rest.empty() && in.rest[0] == ' ')
                in.rest.remove_prefix(1);
        } else {
            if (in.rest.empty() || in.rest[0] != c)
                return std::nullopt;
            in.rest.remove_prefix(1);
        }
    }
    return in.rest.empty() ? assemble(fields, m_options) : std::nullopt;
}

} // namespace eventops
