// SPDX-License-Identifier: MIT
#include "tests/bench/workload.h"

#include "core/base/time.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>
#include <utility>
#include <vector>

namespace eventops::bench {
namespace {

/// xoroshiro128+ 1.0 (Blackman and Vigna, https://prng.di.unimi.it), seeded by splitmix64.
class Random
{
public:
    explicit Random(std::uint64_t seed) : m_low(splitMix(seed)), m_high(splitMix(seed)) {}

    double unit() { return static_cast<double>(next() >> 11) * (1.0 / 9007199254740992.0); }
    std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(((next() >> 32) * limit) >> 32); }

private:
    static std::uint64_t splitMix(std::uint64_t &state)
    {
        std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    static std::uint64_t rotateLeft(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
    std::uint64_t next()
    {
        const std::uint64_t low = m_low;
        const std::uint64_t high = m_high ^ low;
        const std::uint64_t result = low + m_high;
        m_low = rotateLeft(low, 24) ^ high ^ (high << 16);
        m_high = rotateLeft(high, 37);
        return result;
    }

    std::uint64_t m_low;
    std::uint64_t m_high;
};

struct Metric {
    const char *name;
    const char *unit;
    double base, spread, low, high;
    int decimals;
};
constexpr std::array<Metric, 20> Metrics = {{
    {"cpu_load", "percent", 35, 25, 0, 100, 0}, {"mem_used", "percent", 55, 15, 0, 100, 1},
    {"disk_used", "percent", 60, 5, 0, 100, 1}, {"load1", "count", 2, 1.5, 0, 256, 2},
    {"net_rx", "bytes_per_s", 4.2e6, 2e6, 0, 1.2e9, 0}, {"net_tx", "bytes_per_s", 1.9e6, 1e6, 0, 1.2e9, 0},
    {"disk_read", "bytes_per_s", 8e5, 6e5, 0, 2e9, 0}, {"disk_write", "bytes_per_s", 1.4e6, 9e5, 0, 2e9, 0},
    {"iowait", "percent", 3, 2.5, 0, 100, 2}, {"swap_used", "percent", 2, 2, 0, 100, 1},
    {"http_p50", "ms", 18, 6, 0, 60000, 1}, {"http_p99", "ms", 140, 60, 0, 60000, 1},
    {"http_5xx", "count", 1, 1.2, 0, 1e6, 0}, {"http_rps", "count_per_s", 320, 120, 0, 1e6, 1},
    {"queue_depth", "count", 40, 30, 0, 1e7, 0}, {"gc_pause", "ms", 9, 5, 0, 60000, 2},
    {"fd_open", "count", 820, 160, 0, 1e6, 0}, {"tcp_retrans", "count_per_s", 2, 2, 0, 1e6, 1},
    {"db_conn", "count", 45, 12, 0, 1e4, 0}, {"temp", "celsius", 52, 6, 0, 120, 1},
}};
constexpr const char *Tenants[] = {"acme", "globex", "initech", "umbrella"};
constexpr const char *Environments[] = {"prod", "staging", "dev"};
constexpr const char *Regions[] = {"eu-west-1", "us-east-1", "us-west-2", "ap-south-1", "eu-central-1"};
constexpr const char *Roles[] = {"web", "api", "db", "cache", "worker", "edge"};
constexpr std::uint32_t HostCount = 1'000;
constexpr std::int64_t StartMs = 1'760'605'200'000; // 2025-10-16T09:00:00Z
constexpr std::int64_t TickMs = 15'000;

struct Host {
    std::string name;
    std::uint32_t tenant = 0, environment = 0, region = 0, role = 0;
    std::array<float, Metrics.size()> values{};
    int incidentMetric = -1;
    int incidentTicks = 0;
};

/// The pieces of one line.
struct Line {
    std::string tenant, host, metric, value, time, unit, tags;
    bool quoted = false;     ///< The value as a text.
    bool bareTime = false;   ///< The time as a number.
    bool hasTags = true;

    std::string text() const
    {
        std::string out = "{\"tenant_id\":\"" + tenant + "\",\"host\":\"" + host + "\",\"metric\":\"" + metric
            + "\",\"value\":";
        out += quoted ? '"' + value + '"' : value;
        out += ",\"ts_event\":";
        out += bareTime ? time : '"' + time + '"';
        out += ",\"unit\":\"" + unit + '"';
        if (hasTags)
            out += ",\"tags\":" + tags;
        return out + '}';
    }
};

std::string timeText(std::int64_t ms, bool fraction)
{
    char out[64];
    const CivilTime t = civilTime(WallNs{ms * NsPerMs});
    const int size = std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02u:%02u:%02u", t.year, t.month, t.day, t.hour,
                                   t.minute, t.second);
    std::string text(out, static_cast<std::size_t>(size));
    if (fraction) {
        std::snprintf(out, sizeof out, ".%03d", static_cast<int>(ms % 1000));
        text += out;
    }
    return text + 'Z';
}

std::string upper(std::string text)
{
    for (char &c : text)
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    return text;
}

class Generator
{
public:
    explicit Generator(std::uint64_t seed) : m_random(seed), m_hosts(HostCount), m_order(HostCount)
    {
        std::iota(m_order.begin(), m_order.end(), 0u);
        for (std::uint32_t i = 0; i < HostCount; ++i)
            makeHost(m_hosts[i], i);
    }

    std::string generate(std::uint64_t lines)
    {
        m_out.reserve(lines * 164);
        for (std::int64_t tick = 0; m_count < lines; ++tick) {
            for (std::uint32_t i = HostCount - 1; i > 0; --i)
                std::swap(m_order[i], m_order[m_random.below(i + 1)]);
            for (std::uint32_t k = 0; k < HostCount && m_count < lines; ++k)
                report(m_hosts[m_order[k]], StartMs + tick * TickMs + std::int64_t{k} * 15, lines);
        }
        return std::move(m_out);
    }

private:
    void makeHost(Host &host, std::uint32_t number)
    {
        const double share = m_random.unit();
        host.tenant = share < .5 ? 0 : share < .75 ? 1 : share < .9 ? 2 : 3;
        host.environment = m_random.unit() < .7 ? 0 : 1 + m_random.below(2);
        host.region = m_random.below(5);
        host.role = m_random.below(6);
        char name[64];
        std::snprintf(name, sizeof name, "%s-%s-%03u", Roles[host.role], Environments[host.environment], number);
        host.name = name;
        for (std::size_t m = 0; m < Metrics.size(); ++m)
            host.values[m] = static_cast<float>(Metrics[m].base + Metrics[m].spread * (m_random.unit() - .5));
    }

    /// One host's metrics at one time.
    void report(Host &host, std::int64_t ms, std::uint64_t lines)
    {
        if (host.incidentMetric < 0 && m_random.unit() < .005) {
            host.incidentMetric = static_cast<int>(m_random.below(20));
            host.incidentTicks = 4 + static_cast<int>(m_random.below(37));
        }
        if (host.incidentMetric >= 0 && --host.incidentTicks < 0)
            host.incidentMetric = -1;
        for (std::size_t m = 0; m < Metrics.size() && m_count < lines; ++m) {
            const std::string value = nextValue(host, m);
            sample(host, Metrics[m], value, ms);
            ++m_count;
        }
    }

    std::string nextValue(Host &host, std::size_t m)
    {
        const Metric &metric = Metrics[m];
        float &value = host.values[m];
        const double a = m_random.unit();
        const double b = m_random.unit();
        const double c = m_random.unit();
        value = static_cast<float>(value + ((metric.base - value) * .08 + metric.spread * .18 * (a + b + c - 1.5)));
        double x = value;
        if (host.incidentMetric == static_cast<int>(m)) {
            const double u = m_random.unit();
            x = metric.high <= 120 ? std::min(metric.high, metric.base + (metric.high - metric.base) * (.85 + .15 * u))
                                   : metric.base + metric.spread * (6 + 4 * u);
        }
        x = std::max(metric.low, std::min(metric.high, x));
        char text[64];
        std::snprintf(text, sizeof text, "%.*f", metric.decimals, x);
        return text;
    }

    void sample(const Host &host, const Metric &metric, const std::string &value, std::int64_t ms)
    {
        const double fate = m_random.unit();
        if (fate < .004) {
            ms -= 60'000 + std::int64_t{m_random.below(600'000)};
        } else if (fate < .005 && !m_previous.empty()) {
            m_out += m_previous;
            return;
        }
        Line line;
        line.time = timeText(ms, m_random.below(10) == 0);
        const double damage = m_random.unit();
        line.tenant = Tenants[host.tenant];
        line.host = host.name;
        line.metric = metric.name;
        line.value = value;
        line.unit = metric.unit;
        line.tags = std::string("{\"env\":\"") + Environments[host.environment] + '"';
        if (m_random.below(4) == 0)
            line.tags += std::string(",\"region\":\"") + Regions[host.region] + "\",\"role\":\"" + Roles[host.role]
                + '"';
        line.tags += '}';
        std::string text = damage < .975 ? line.text() : damage < .985 ? unusual(line, ms) : damaged(line);
        text += '\n';
        m_out += text;
        if (m_random.below(8) == 0)
            m_previous = std::move(text);
    }

    /// Right in meaning, odd in form.
    std::string unusual(Line line, std::int64_t ms)
    {
        switch (m_random.below(5)) {
        case 0: line.quoted = true; break;
        case 1:
            line.bareTime = true;
            line.time = std::to_string(ms);
            break;
        case 2: line.time = timeText(ms + 7'200'000, false).substr(0, 19) + "+02:00"; break;
        case 3:
            line.tenant = ' ' + line.tenant + ' ';
            line.host = upper(line.host);
            line.unit = upper(line.unit);
            break;
        default: line.hasTags = false;
        }
        return line.text();
    }

    std::string damaged(const Line &line)
    {
        const std::string host = "\"host\":\"" + line.host + '"';
        const std::string tenant = "{\"tenant_id\":\"" + line.tenant + "\",";
        const std::string time = ",\"ts_event\":\"" + line.time + '"';
        switch (m_random.below(7)) {
        case 0: {
            std::string text = line.text();
            text.resize(10 + m_random.below(static_cast<std::uint32_t>(text.size()) - 12));
            return text;
        }
        case 1:
            return line.time + ' ' + line.host + " agent[" + std::to_string(m_random.below(30'000))
                 + "]: connection reset by peer";
        case 2: return '{' + host + ",\"metric\":\"" + line.metric + "\",\"value\":" + line.value + time + '}';
        case 3: return tenant + host + ",\"value\":" + line.value + time + ",\"tags\":" + line.tags + '}';
        case 4:
            return tenant + host + ",\"metric\":\"" + line.metric + "\",\"value\":null" + time + ",\"unit\":\""
                + line.unit
                 + "\",\"tags\":" + line.tags + '}';
        case 5: return tenant + host + ",\"metric\":\"\xff\xfe" + line.metric + "\",\"value\":" + line.value + time
            + '}';
        default: return "";
        }
    }

    Random m_random;
    std::vector<Host> m_hosts;
    std::vector<std::uint32_t> m_order;
    std::uint64_t m_count = 0;
    std::string m_previous; ///< A line that may be sent again.
    std::string m_out;
};

} // namespace

std::string agentWorkload(std::uint64_t lines, std::uint64_t seed)
{
    return Generator(seed).generate(lines);
}

namespace {

/// The members of a flat or nested object on one line, without its braces; empty: it is none that closes.
std::vector<std::string_view> membersOf(std::string_view line)
{
    std::vector<std::string_view> members;
    std::size_t depth = 0, begin = 1;
    bool inText = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (inText) {
            i += c == '\\' ? 1 : 0;
            inText = c != '"';
        } else if (c == '"') {
            inText = true;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if ((c == '}' || c == ']') && depth > 0) {
            if (--depth == 0) {
                members.push_back(line.substr(begin, i - begin));
                return i + 1 == line.size() && line.front() == '{' ? members : std::vector<std::string_view>();
            }
        } else if (c == ',' && depth == 1) {
            members.push_back(line.substr(begin, i - begin));
            begin = i + 1;
        }
    }
    return {};
}

} // namespace

std::string shuffledWorkload(std::uint64_t lines)
{
    const std::string all = agentWorkload(lines);
    std::string out;
    out.reserve(all.size());
    std::uint64_t state = 1;
    for (std::size_t at = 0; at < all.size();) {
        const std::size_t end = std::min(all.find('\n', at), all.size());
        const std::string_view line = std::string_view(all).substr(at, end - at);
        std::vector<std::string_view> members = membersOf(line);
        for (std::size_t i = members.size(); i > 1; --i) { // D. Knuth, algorithm P
            state = state * 6364136223846793005ULL + 1442695040888963407ULL;
            std::swap(members[i - 1], members[(state >> 33) % i]);
        }
        out += members.empty() ? line : "{";
        for (std::size_t i = 0; i < members.size(); ++i)
            (out += i == 0 ? "" : ",") += members[i];
        out += members.empty() ? "\n" : "}\n";
        at = end + 1;
    }
    return out;
}

std::string changeWorkload(std::uint64_t lines)
{
    constexpr std::array<const char *, 5> States = {"requested", "arrived", "checked", "loaded", "done"};
    constexpr std::uint64_t AtOnce = 1'000; // documents alive at a time
    std::string out;
    for (std::uint64_t i = 0; i < lines; ++i) {
        const std::uint64_t step = i / AtOnce % States.size();
        const std::string id = "f" + std::to_string(i % AtOnce + i / (AtOnce * States.size()) * AtOnce);
        const std::string second = std::to_string(1'757'851'200 + i / 100);
        out += "{\"_id\":{\"_data\":\"8268C6AE" + std::to_string(i) + "\"},\"operationType\":\""
             + (step == 0 ? "insert" : "update") + "\",\"clusterTime\":{\"$timestamp\":{\"t\":" + second
             + ",\"i\":" + std::to_string(i % 100 + 1)
             + "}},\"ns\":{\"db\":\"ingest\",\"coll\":\"files\"},\"documentKey\":{\"_id\":\"" + id
             + "\"},\"fullDocument\":{\"_id\":\"" + id + "\",\"consumer_id\":\"team-" + std::to_string(i % 40)
             + "\",\"file_type\":\"csv\",\"contact\":\"ops" + std::to_string(i % 200)
             + "@example.org\",\"status\":\"" + States[step]
             + "\",\"size_bytes\":" + std::to_string(i * 7919 % 9'999'991)
             + ",\"checksum\":\"" + std::string(64, static_cast<char>('0' + i % 10)) + "\",\"path\":\"/in/"
             + std::string(120, static_cast<char>('a' + i % 26))
             + "\"},\"updateDescription\":{\"updatedFields\":{\"status\":\"" + States[step]
             + "\"},\"removedFields\":[]}}\n";
    }
    return out;
}

} // namespace eventops::bench
