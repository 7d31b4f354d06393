// SPDX-License-Identifier: MIT
#include "core/base/time.h"

#include <charconv>

namespace eventops {
namespace {

constexpr std::int64_t SecondsMax = 9'223'372'035; // keeps seconds·1e9 + fraction inside int64

/// Reads exactly @p count digits at @p at; −1 when one of them is no digit.
int digits(std::string_view text, std::size_t at, std::size_t count)
{
    if (at + count > text.size())
        return -1;
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        const unsigned d = static_cast<unsigned char>(text[i]) - unsigned{'0'};
        if (d > 9)
            return -1;
        value = value * 10 + static_cast<int>(d);
    }
    return value;
}

int daysInMonth(int year, int month)
{
    constexpr int Days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : Days[month - 1];
}

/// Fraction digits from @p at on, as nanoseconds; @p at moves past them. −1: there is no digit.
std::int64_t fractionNs(std::string_view text, std::size_t &at)
{
    std::int64_t ns = 0;
    std::size_t count = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
        if (count < 9)
            ns = ns * 10 + (text[at] - '0');
        ++count;
        ++at;
    }
    if (count == 0)
        return -1;
    for (; count < 9; ++count)
        ns *= 10;
    return ns;
}

/// Seconds east of UTC for "", "Z", "+02:00", "+0200", "+02", " UTC"; nothing when it is something else.
std::optional<int> zoneOffset(std::string_view zone)
{
    if (zone.empty() || zone == "Z" || zone == "z" || zone == " UTC" || zone == " Z")
        return 0;
    if (zone.front() == ' ')
        zone.remove_prefix(1);
    if (zone.size() < 3 || (zone[0] != '+' && zone[0] != '-'))
        return std::nullopt;
    const int hours = digits(zone, 1, 2);
    int minutes = 0;
    if (zone.size() == 6 && zone[3] == ':')
        minutes = digits(zone, 4, 2);
    else if (zone.size() == 5)
        minutes = digits(zone, 3, 2);
    else if (zone.size() != 3)
        return std::nullopt;
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return std::nullopt;
    const int seconds = hours * 3600 + minutes * 60;
    return zone[0] == '-' ? -seconds : seconds;
}

std::optional<WallNs> fromSeconds(std::int64_t seconds, std::int64_t ns)
{
    if (seconds > SecondsMax || seconds < -SecondsMax)
        return std::nullopt;
    return WallNs{seconds * NsPerSecond + ns};
}

void appendPadded(std::string &out, unsigned value, int width)
{
    char buffer[12];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    for (auto length = end - buffer; length < width; ++length)
        out += '0';
    out.append(buffer, end);
}

} // namespace

std::optional<WallNs> parseTimestamp(std::string_view text)
{
    if (text.size() < 19 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':'
        || (text[10] != 'T' && text[10] != 't' && text[10] != ' '))
        return std::nullopt;
    const int year = digits(text, 0, 4);
    const int month = digits(text, 5, 2);
    const int day = digits(text, 8, 2);
    const int hour = digits(text, 11, 2);
    const int minute = digits(text, 14, 2);
    int second = digits(text, 17, 2);
    if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month) || hour < 0 || hour > 23
        || minute < 0 || minute > 59 || second < 0 || second > 60)
        return std::nullopt;
    std::size_t at = 19;
    std::int64_t ns = 0;
    if (at < text.size() && (text[at] == '.' || text[at] == ',')) {
        ++at;
        ns = fractionNs(text, at);
        if (ns < 0)
            return std::nullopt;
    }
    if (second == 60) {
        second = 59;
        ns = NsPerSecond - 1;
    }
    const auto offset = zoneOffset(text.substr(at));
    if (!offset)
        return std::nullopt;
    const std::int64_t days = daysFromCivil(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
    return fromSeconds(days * 86'400 + hour * 3'600 + minute * 60 + second - *offset, ns);
}

std::optional<WallNs> timestampFromEpoch(std::int64_t value)
{
    const std::int64_t magnitude = value < 0 ? -(value + 1) : value;
    if (magnitude < 100'000'000'000)
        return fromSeconds(value, 0);
    if (magnitude < 100'000'000'000'000)
        return fromSeconds(value / 1'000, value % 1'000 * NsPerMs);
    if (magnitude < 100'000'000'000'000'000)
        return fromSeconds(value / 1'000'000, value % 1'000'000 * NsPerUs);
    return WallNs{value};
}

std::optional<WallNs> timestampFromEpochText(std::string_view text)
{
    std::int64_t whole = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (error != std::errc())
        return std::nullopt;
    std::size_t at = static_cast<std::size_t>(end - text.data());
    const auto base = timestampFromEpoch(whole);
    if (!base || at == text.size())
        return base;
    if (text[at] != '.')
        return std::nullopt;
    ++at;
    const std::int64_t ns = fractionNs(text, at);
    if (ns < 0 || at != text.size())
        return std::nullopt;
    const std::int64_t magnitude = whole < 0 ? -(whole + 1) : whole;
    const std::int64_t unitsPerSecond = magnitude < 100'000'000'000 ? 1
                                      : magnitude < 100'000'000'000'000 ? 1'000
                                      : magnitude < 100'000'000'000'000'000 ? 1'000'000 : NsPerSecond;
    const std::int64_t part = ns / unitsPerSecond;
    return text.front() == '-' ? *base + -part : *base + part;
}

CivilTime civilTime(WallNs time)
{
    std::int64_t seconds = raw(time) / NsPerSecond;
    std::int64_t ns = raw(time) % NsPerSecond;
    if (ns < 0) {
        ns += NsPerSecond;
        --seconds;
    }
    std::int64_t days = seconds / 86'400;
    std::int64_t rest = seconds % 86'400;
    if (rest < 0) {
        rest += 86'400;
        --days;
    }
    // Inverse of daysFromCivil, same source.
    const std::int64_t z = days + 719'468;
    const std::int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
    const auto doe = static_cast<unsigned>(z - era * 146'097);
    const unsigned yoe = (doe - doe / 1'460 + doe / 36'524 - doe / 146'096) / 365;
    const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const unsigned mp = (5 * doy + 2) / 153;
    CivilTime civil{};
    civil.day = doy - (153 * mp + 2) / 5 + 1;
    civil.month = mp < 10 ? mp + 3 : mp - 9;
    civil.year = static_cast<int>(static_cast<std::int64_t>(yoe) + era * 400 + (civil.month <= 2 ? 1 : 0));
    civil.hour = static_cast<unsigned>(rest / 3'600);
    civil.minute = static_cast<unsigned>(rest % 3'600 / 60);
    civil.second = static_cast<unsigned>(rest % 60);
    civil.nanosecond = static_cast<unsigned>(ns);
    civil.weekday = static_cast<unsigned>(((days + 3) % 7 + 7) % 7); // 1970-01-01 was a Thursday
    return civil;
}

void appendTimestamp(std::string &out, WallNs time)
{
    const CivilTime c = civilTime(time);
    appendPadded(out, static_cast<unsigned>(c.year), 4);
    out += '-';
    appendPadded(out, c.month, 2);
    out += '-';
    appendPadded(out, c.day, 2);
    out += 'T';
    appendPadded(out, c.hour, 2);
    out += ':';
    appendPadded(out, c.minute, 2);
    out += ':';
    appendPadded(out, c.second, 2);
    if (c.nanosecond != 0) {
        out += '.';
        if (c.nanosecond % 1'000'000 == 0)
            appendPadded(out, c.nanosecond / 1'000'000, 3);
        else if (c.nanosecond % 1'000 == 0)
            appendPadded(out, c.nanosecond / 1'000, 6);
        else
            appendPadded(out, c.nanosecond, 9);
    }
    out += 'Z';
}

std::string formatTimestamp(WallNs time)
{
    std::string out;
    appendTimestamp(out, time);
    return out;
}

std::optional<std::int64_t> parseDurationNs(std::string_view text)
{
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value < 0)
        return std::nullopt;
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    const std::int64_t factor = unit == "ms" ? NsPerMs
                              : unit == "s" ? NsPerSecond
                              : unit == "m" ? 60 * NsPerSecond
                              : unit == "h" ? 3'600 * NsPerSecond
                              : unit == "d" ? 86'400 * NsPerSecond : 0;
    if (factor == 0 || value > std::int64_t{9'223'372'036'854'775'807} / factor)
        return std::nullopt;
    return value * factor;
}

} // namespace eventops
