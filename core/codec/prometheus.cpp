// SPDX-License-Identifier: MIT
#include "core/base/json.h"
#include "core/codec/envelopes.h"
#include "core/codec/metric_sample.h"

#include <algorithm>
#include <charconv>
#include <cmath>

// prometheus: samples in Prometheus' text format 0.0.4 and OpenMetrics 1.0, a line each:
//   http_requests_total{method="post",code="200"} 1027 1395066363000
// Comments (# HELP, # TYPE, # EOF) carry no event. Time is in milliseconds, in OpenMetrics in seconds; a sample without
// one has none, as an exposition is of the moment in which it is asked for.
namespace eventops {
namespace {

constexpr std::string_view Name = "prometheus";
constexpr std::string_view Blanks = " \t";
constexpr double SecondsMax = 9.2e9; ///< That nanoseconds can hold.

bool isNameByte(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || (!first && c >= '0' && c <= '9');
}

/// Reads one line from its beginning to its end.
class Scanner
{
public:
    explicit Scanner(std::string_view line) : m_rest(line) { skip(); }

    bool atEnd() const { return m_rest.empty(); }
    bool take(char c)
    {
        if (m_rest.empty() || m_rest.front() != c)
            return false;
        m_rest.remove_prefix(1);
        return true;
    }
    void skip() { m_rest.remove_prefix(std::min(m_rest.find_first_not_of(Blanks), m_rest.size())); }
    bool isAt(char c) const { return !m_rest.empty() && m_rest.front() == c; }

    std::string_view name()
    {
        std::size_t size = 0;
        while (size < m_rest.size() && isNameByte(m_rest[size], size == 0))
            ++size;
        return taken(size);
    }
    std::string_view word() { return taken(std::min(m_rest.find_first_of(Blanks), m_rest.size())); }

    /// A text in quotes with \\, \" and \n in it.
    bool quoted(std::string &out)
    {
        out.clear();
        if (!take('"'))
            return false;
        while (!m_rest.empty()) {
            const char c = m_rest.front();
            m_rest.remove_prefix(1);
            if (c == '"')
                return true;
            if (c != '\\') {
                out += c;
                continue;
            }
            if (m_rest.empty())
                return false;
            const char escaped = m_rest.front();
            m_rest.remove_prefix(1);
            if (escaped != '\\' && escaped != '"' && escaped != 'n')
                out += c; // the format leaves others as they are
            out += escaped == 'n' ? '\n' : escaped;
        }
        return false;
    }

private:
    std::string_view taken(std::size_t size)
    {
        const std::string_view out = m_rest.substr(0, size);
        m_rest.remove_prefix(size);
        return out;
    }
    std::string_view m_rest;
};

/// A floating-point number as the format has it; NaN and infinities as well.
std::optional<double> number(std::string_view text)
{
    if (text.starts_with('+'))
        text.remove_prefix(1);
    double value = 0.0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

DecodeFailure wrong(std::string_view what, std::string_view line, std::string_view expected)
{
    std::string quotedLine;
    appendJsonString(quotedLine, line);
    return loseField(loss::BadField, what, quotedLine, expected);
}

class Decoder final : public CodecDecoder
{
public:
    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        const std::string_view line = batch.raw(batch.records[record]);
        if (!isValidUtf8(line))
            return lose(loss::InvalidUtf8, "not UTF-8 at byte " + std::to_string(validUtf8Prefix(line)));
        Scanner scan(line);
        if (scan.atEnd() || scan.isAt('#'))
            return {};
        m_labels.clear();
        m_metric = scan.name();
        scan.skip();
        if (scan.isAt('{') && !labels(scan, &m_metric))
            return wrong("labels", line, "{name=\"value\",…} with \\\\, \\\" and \\n escaped");
        if (m_metric.empty())
            return wrong("the name of the metric", line, "a letter, _ or :, then letters, digits, _ and :");
        scan.skip();
        const std::string_view value = scan.word();
        const auto figure = number(value);
        if (!figure)
            return wrong("value", value, "a number, NaN, +Inf or -Inf");
        scan.skip();
        const std::string_view time = scan.isAt('#') ? std::string_view() : scan.word();
        const auto instant = time.empty() ? std::optional(NoTime) : timeOf(time);
        if (!instant)
            return lose(loss::BadTimestamp, "time: found " + std::string(time) + ", expected milliseconds or seconds");
        scan.skip();
        m_attrs.clear();
        if (scan.take('#') && !exemplar(scan))
            return wrong("exemplar", line, "# {trace_id=\"…\"} value time");
        if (!scan.atEnd())
            return wrong("what follows the sample", line, "nothing, or an exemplar");
        appendSample(batch, record, Name, {m_metric, m_labels, value, *figure, time, *instant, m_attrs});
        return {};
    }

private:
    /// `{a="b",…}`; @p metric: may take its name from a text that stands alone, as Prometheus 3 writes it.
    bool labels(Scanner &scan, std::string *metric)
    {
        scan.take('{');
        for (;;) {
            scan.skip();
            if (scan.take('}'))
                return true;
            std::string name(scan.name());
            if (name.empty() && !scan.quoted(name))
                return false;
            scan.skip();
            if (scan.take('=')) {
                scan.skip();
                if (!scan.quoted(m_scratch))
                    return false;
                m_labels.emplace_back(std::move(name), m_scratch);
            } else if (metric != nullptr && metric->empty()) {
                *metric = std::move(name);
            } else {
                return false;
            }
            scan.skip();
            if (!scan.take(',') && !scan.isAt('}'))
                return false;
        }
    }

    /// What stands behind the #, as attrs.
    bool exemplar(Scanner &scan)
    {
        auto kept = std::move(m_labels);
        m_labels.clear();
        scan.skip();
        const bool read = scan.isAt('{') && labels(scan, nullptr);
        scan.skip();
        const std::string_view value = scan.word();
        scan.skip();
        const std::string_view time = scan.word();
        scan.skip();
        const bool good = read && number(value) && (time.empty() || number(time));
        if (good) {
            JsonWriter json(m_attrs);
            json.beginObject().key("exemplar").beginObject().key("labels").beginObject();
            for (const auto &[name, text] : m_labels)
                json.field(name, text);
            json.endObject().field("value", value);
            if (!time.empty())
                json.field("ts", time);
            json.endObject().endObject();
        }
        m_labels = std::move(kept);
        return good;
    }

    /// Milliseconds or seconds: told by the size, as the formats do not say which of them they are.
    std::optional<WallNs> timeOf(std::string_view text)
    {
        std::string_view unused;
        if (const auto exact = jsonTime(text, m_scratch, unused))
            return exact;
        const auto seconds = number(text); // as 1.4582e9
        if (!seconds || !(std::abs(*seconds) < SecondsMax))
            return std::nullopt;
        return WallNs{std::llround(*seconds * 1e9)};
    }

    std::vector<std::pair<std::string, std::string>> m_labels;
    std::string m_metric, m_attrs, m_scratch;
};

void appendQuoted(std::string &out, std::string_view text)
{
    out += '"';
    for (const char c : text) {
        if (c == '\\' || c == '"')
            out += '\\';
        out += c == '\n' ? std::string_view("\\n") : std::string_view(&c, 1);
    }
    out += '"';
}

class Prometheus final : public Codec
{
public:
    std::string_view name() const override { return Name; }
    std::string_view summary() const override
    {
        return "Prometheus' text format and OpenMetrics, a sample a line; comments carry no event.";
    }
    std::unique_ptr<CodecDecoder> makeDecoder() const override { return std::make_unique<Decoder>(); }
    /// A sample: metric, tags as labels, value and time in milliseconds.
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &loss) const override
    {
        const std::string_view metric = batch.text(event, Field::Metric);
        const std::string_view special = batch.text(event, Field::ValueText);
        if (metric.empty() || (!event.hasValue && special.empty()))
            return Error{Error::Code::Refused,
                         "the event has no metric with a value, which is all that a sample is",
                         {},
                         "export metrics alone: --filter 'metric != \"\"'"};
        std::string out(metric), scratch;
        const bool plain = isNameByte(metric.front(), true)
                           && std::all_of(metric.begin(), metric.end(), [](char c) { return isNameByte(c, false); });
        std::string labels;
        if (!plain) {
            out.clear();
            appendQuoted(labels, metric);
        }
        JsonItems items(batch.text(event, Field::Tags));
        std::string_view name, value;
        while (items.next(name, value)) {
            const auto text = scalarText(value, scratch);
            if (!text) {
                loss.items.push_back({"tags." + std::string(name), "dropped"});
                continue;
            }
            if (jsonKind(value) != JsonKind::String)
                loss.items.push_back({"tags." + std::string(name), "stringified"});
            labels += labels.empty() ? "" : ",";
            labels += name;
            labels += '=';
            appendQuoted(labels, *text);
        }
        if (!labels.empty())
            out += '{' + labels + '}';
        out += ' ';
        if (special.empty())
            appendEventValue(out, batch, event);
        else
            out += special;
        if (event.tsEvent != NoTime) {
            out += ' ' + std::to_string(raw(event.tsEvent) / NsPerMs);
            if (raw(event.tsEvent) % NsPerMs != 0)
                loss.items.push_back({"ts_event", "cut to milliseconds"});
        }
        reportDropped(event,
                      {Field::Message, Field::Step, Field::CorrelationId, Field::CausationId, Field::TraceId,
                       Field::SpanId, Field::Unit, Field::Attrs, Field::Entities, Field::Links},
                      loss);
        return out;
    }
};

} // namespace

const Codec &prometheusCodec()
{
    static const Prometheus codec;
    return codec;
}

} // namespace eventops
