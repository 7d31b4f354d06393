// SPDX-License-Identifier: MIT
#include "core/codec/otlp_protobuf.h"

#include "core/base/base64.h"
#include "core/base/json.h"
#include "core/codec/json_reader.h"
#include "core/codec/protobuf.h"

#include <bit>
#include <cmath>
#include <span>

// What the messages of opentelemetry-proto hold, as tables: one walk translates them all.
namespace eventops {
namespace {

constexpr unsigned DepthMax = 100; ///< As Protocol Buffers' own readers have it.

enum class Kind : std::uint8_t {
    Text,
    Id,    ///< Bytes as hexadecimal.
    Bytes, ///< As base64.
    Bool,
    Number,  ///< 32 bits or less, as a number.
    Zigzag,  ///< sint32.
    Long,    ///< int64, as a text.
    Fixed,   ///< fixed64, as a text.
    Signed,  ///< sfixed64, as a text.
    Fixed32, ///< As a number.
    Double,
    Message,
};

struct MessageTable;
struct FieldRow {
    std::uint32_t number;
    std::string_view name;
    Kind kind;
    const MessageTable *message = nullptr;
    bool repeated = false;
    bool oneOf = false; ///< Of several the last one counts; no message here has more than one such group.
};
struct MessageTable {
    std::string_view name;
    std::span<const FieldRow> fields;
};

// Messages refer to each other, so all are declared first.
extern const MessageTable Any;
constexpr FieldRow PairFields[] = {{1, "key", Kind::Text}, {2, "value", Kind::Message, &Any}};
constexpr MessageTable Pair{"KeyValue", PairFields};
constexpr FieldRow ArrayFields[] = {{1, "values", Kind::Message, &Any, true}};
constexpr MessageTable Array{"ArrayValue", ArrayFields};
constexpr FieldRow PairsFields[] = {{1, "values", Kind::Message, &Pair, true}};
constexpr MessageTable Pairs{"KeyValueList", PairsFields};
constexpr FieldRow AnyFields[] = {
    {1, "stringValue", Kind::Text, nullptr, false, true},  {2, "boolValue", Kind::Bool, nullptr, false, true},
    {3, "intValue", Kind::Long, nullptr, false, true},     {4, "doubleValue", Kind::Double, nullptr, false, true},
    {5, "arrayValue", Kind::Message, &Array, false, true}, {6, "kvlistValue", Kind::Message, &Pairs, false, true},
    {7, "bytesValue", Kind::Bytes, nullptr, false, true},
};
const MessageTable Any{"AnyValue", AnyFields};

constexpr FieldRow ResourceFields[] = {{1, "attributes", Kind::Message, &Pair, true},
                                       {2, "droppedAttributesCount", Kind::Number}};
constexpr MessageTable Resource{"Resource", ResourceFields};
constexpr FieldRow ScopeFields[] = {{1, "name", Kind::Text},
                                    {2, "version", Kind::Text},
                                    {3, "attributes", Kind::Message, &Pair, true},
                                    {4, "droppedAttributesCount", Kind::Number}};
constexpr MessageTable Scope{"InstrumentationScope", ScopeFields};

constexpr FieldRow LogFields[] = {
    {1, "timeUnixNano", Kind::Fixed},
    {11, "observedTimeUnixNano", Kind::Fixed},
    {2, "severityNumber", Kind::Number},
    {3, "severityText", Kind::Text},
    {5, "body", Kind::Message, &Any},
    {6, "attributes", Kind::Message, &Pair, true},
    {7, "droppedAttributesCount", Kind::Number},
    {8, "flags", Kind::Fixed32},
    {9, "traceId", Kind::Id},
    {10, "spanId", Kind::Id},
    {12, "eventName", Kind::Text},
};
constexpr MessageTable Log{"LogRecord", LogFields};
constexpr FieldRow ScopeLogsFields[] = {
    {1, "scope", Kind::Message, &Scope}, {2, "logRecords", Kind::Message, &Log, true}, {3, "schemaUrl", Kind::Text}};
constexpr MessageTable ScopeLogs{"ScopeLogs", ScopeLogsFields};
constexpr FieldRow ResourceLogsFields[] = {{1, "resource", Kind::Message, &Resource},
                                           {2, "scopeLogs", Kind::Message, &ScopeLogs, true},
                                           {3, "schemaUrl", Kind::Text}};
constexpr MessageTable ResourceLogs{"ResourceLogs", ResourceLogsFields};
constexpr FieldRow LogsFields[] = {{1, "resourceLogs", Kind::Message, &ResourceLogs, true}};
constexpr MessageTable Logs{"ExportLogsServiceRequest", LogsFields};

constexpr FieldRow ExemplarFields[] = {
    {7, "filteredAttributes", Kind::Message, &Pair, true},
    {2, "timeUnixNano", Kind::Fixed},
    {3, "asDouble", Kind::Double, nullptr, false, true},
    {6, "asInt", Kind::Signed, nullptr, false, true},
    {4, "spanId", Kind::Id},
    {5, "traceId", Kind::Id},
};
constexpr MessageTable Exemplar{"Exemplar", ExemplarFields};
constexpr FieldRow PointFields[] = {
    {7, "attributes", Kind::Message, &Pair, true},
    {2, "startTimeUnixNano", Kind::Fixed},
    {3, "timeUnixNano", Kind::Fixed},
    {4, "asDouble", Kind::Double, nullptr, false, true},
    {6, "asInt", Kind::Signed, nullptr, false, true},
    {5, "exemplars", Kind::Message, &Exemplar, true},
    {8, "flags", Kind::Number},
};
constexpr MessageTable Point{"NumberDataPoint", PointFields};
constexpr FieldRow HistogramPointFields[] = {
    {9, "attributes", Kind::Message, &Pair, true},
    {2, "startTimeUnixNano", Kind::Fixed},
    {3, "timeUnixNano", Kind::Fixed},
    {4, "count", Kind::Fixed},
    {5, "sum", Kind::Double},
    {6, "bucketCounts", Kind::Fixed, nullptr, true},
    {7, "explicitBounds", Kind::Double, nullptr, true},
    {8, "exemplars", Kind::Message, &Exemplar, true},
    {10, "flags", Kind::Number},
    {11, "min", Kind::Double},
    {12, "max", Kind::Double},
};
constexpr MessageTable HistogramPoint{"HistogramDataPoint", HistogramPointFields};
constexpr FieldRow BucketsFields[] = {{1, "offset", Kind::Zigzag}, {2, "bucketCounts", Kind::Long, nullptr, true}};
constexpr MessageTable Buckets{"Buckets", BucketsFields};
constexpr FieldRow ExponentialPointFields[] = {
    {1, "attributes", Kind::Message, &Pair, true},
    {2, "startTimeUnixNano", Kind::Fixed},
    {3, "timeUnixNano", Kind::Fixed},
    {4, "count", Kind::Fixed},
    {5, "sum", Kind::Double},
    {6, "scale", Kind::Zigzag},
    {7, "zeroCount", Kind::Fixed},
    {8, "positive", Kind::Message, &Buckets},
    {9, "negative", Kind::Message, &Buckets},
    {10, "flags", Kind::Number},
    {11, "exemplars", Kind::Message, &Exemplar, true},
    {12, "min", Kind::Double},
    {13, "max", Kind::Double},
    {14, "zeroThreshold", Kind::Double},
};
constexpr MessageTable ExponentialPoint{"ExponentialHistogramDataPoint", ExponentialPointFields};
constexpr FieldRow QuantileFields[] = {{1, "quantile", Kind::Double}, {2, "value", Kind::Double}};
constexpr MessageTable Quantile{"ValueAtQuantile", QuantileFields};
constexpr FieldRow SummaryPointFields[] = {
    {7, "attributes", Kind::Message, &Pair, true},
    {2, "startTimeUnixNano", Kind::Fixed},
    {3, "timeUnixNano", Kind::Fixed},
    {4, "count", Kind::Fixed},
    {5, "sum", Kind::Double},
    {6, "quantileValues", Kind::Message, &Quantile, true},
    {8, "flags", Kind::Number},
};
constexpr MessageTable SummaryPoint{"SummaryDataPoint", SummaryPointFields};
constexpr FieldRow GaugeFields[] = {{1, "dataPoints", Kind::Message, &Point, true}};
constexpr MessageTable Gauge{"Gauge", GaugeFields};
constexpr FieldRow SumFields[] = {{1, "dataPoints", Kind::Message, &Point, true},
                                  {2, "aggregationTemporality", Kind::Number},
                                  {3, "isMonotonic", Kind::Bool}};
constexpr MessageTable Sum{"Sum", SumFields};
constexpr FieldRow HistogramFields[] = {{1, "dataPoints", Kind::Message, &HistogramPoint, true},
                                        {2, "aggregationTemporality", Kind::Number}};
constexpr MessageTable Histogram{"Histogram", HistogramFields};
constexpr FieldRow ExponentialFields[] = {{1, "dataPoints", Kind::Message, &ExponentialPoint, true},
                                          {2, "aggregationTemporality", Kind::Number}};
constexpr MessageTable Exponential{"ExponentialHistogram", ExponentialFields};
constexpr FieldRow SummaryFields[] = {{1, "dataPoints", Kind::Message, &SummaryPoint, true}};
constexpr MessageTable Summary{"Summary", SummaryFields};
constexpr FieldRow MetricFields[] = {
    {1, "name", Kind::Text},
    {2, "description", Kind::Text},
    {3, "unit", Kind::Text},
    {5, "gauge", Kind::Message, &Gauge, false, true},
    {7, "sum", Kind::Message, &Sum, false, true},
    {9, "histogram", Kind::Message, &Histogram, false, true},
    {10, "exponentialHistogram", Kind::Message, &Exponential, false, true},
    {11, "summary", Kind::Message, &Summary, false, true},
    {12, "metadata", Kind::Message, &Pair, true},
};
constexpr MessageTable Metric{"Metric", MetricFields};
constexpr FieldRow ScopeMetricsFields[] = {
    {1, "scope", Kind::Message, &Scope}, {2, "metrics", Kind::Message, &Metric, true}, {3, "schemaUrl", Kind::Text}};
constexpr MessageTable ScopeMetrics{"ScopeMetrics", ScopeMetricsFields};
constexpr FieldRow ResourceMetricsFields[] = {{1, "resource", Kind::Message, &Resource},
                                              {2, "scopeMetrics", Kind::Message, &ScopeMetrics, true},
                                              {3, "schemaUrl", Kind::Text}};
constexpr MessageTable ResourceMetrics{"ResourceMetrics", ResourceMetricsFields};
constexpr FieldRow MetricsFields[] = {{1, "resourceMetrics", Kind::Message, &ResourceMetrics, true}};
constexpr MessageTable Metrics{"ExportMetricsServiceRequest", MetricsFields};

constexpr FieldRow SpanEventFields[] = {{1, "timeUnixNano", Kind::Fixed},
                                        {2, "name", Kind::Text},
                                        {3, "attributes", Kind::Message, &Pair, true},
                                        {4, "droppedAttributesCount", Kind::Number}};
constexpr MessageTable SpanEvent{"Event", SpanEventFields};
constexpr FieldRow SpanLinkFields[] = {{1, "traceId", Kind::Id},
                                       {2, "spanId", Kind::Id},
                                       {3, "traceState", Kind::Text},
                                       {4, "attributes", Kind::Message, &Pair, true},
                                       {5, "droppedAttributesCount", Kind::Number},
                                       {6, "flags", Kind::Fixed32}};
constexpr MessageTable SpanLink{"Link", SpanLinkFields};
constexpr FieldRow SpanStatusFields[] = {{2, "message", Kind::Text}, {3, "code", Kind::Number}};
constexpr MessageTable SpanStatus{"Status", SpanStatusFields};
constexpr FieldRow SpanFields[] = {
    {1, "traceId", Kind::Id},
    {2, "spanId", Kind::Id},
    {3, "traceState", Kind::Text},
    {4, "parentSpanId", Kind::Id},
    {16, "flags", Kind::Fixed32},
    {5, "name", Kind::Text},
    {6, "kind", Kind::Number},
    {7, "startTimeUnixNano", Kind::Fixed},
    {8, "endTimeUnixNano", Kind::Fixed},
    {9, "attributes", Kind::Message, &Pair, true},
    {10, "droppedAttributesCount", Kind::Number},
    {11, "events", Kind::Message, &SpanEvent, true},
    {12, "droppedEventsCount", Kind::Number},
    {13, "links", Kind::Message, &SpanLink, true},
    {14, "droppedLinksCount", Kind::Number},
    {15, "status", Kind::Message, &SpanStatus},
};
constexpr MessageTable Span{"Span", SpanFields};
constexpr FieldRow ScopeSpansFields[] = {
    {1, "scope", Kind::Message, &Scope}, {2, "spans", Kind::Message, &Span, true}, {3, "schemaUrl", Kind::Text}};
constexpr MessageTable ScopeSpans{"ScopeSpans", ScopeSpansFields};
constexpr FieldRow ResourceSpansFields[] = {{1, "resource", Kind::Message, &Resource},
                                            {2, "scopeSpans", Kind::Message, &ScopeSpans, true},
                                            {3, "schemaUrl", Kind::Text}};
constexpr MessageTable ResourceSpans{"ResourceSpans", ResourceSpansFields};
constexpr FieldRow TracesFields[] = {{1, "resourceSpans", Kind::Message, &ResourceSpans, true}};
constexpr MessageTable Traces{"ExportTraceServiceRequest", TracesFields};

ProtobufFields::Wire wireOf(Kind kind)
{
    using Wire = ProtobufFields::Wire;
    switch (kind) {
    case Kind::Bool:
    case Kind::Number:
    case Kind::Zigzag:
    case Kind::Long: return Wire::Varint;
    case Kind::Fixed:
    case Kind::Signed:
    case Kind::Double: return Wire::Fixed64;
    case Kind::Fixed32: return Wire::Fixed32;
    default: return Wire::Bytes;
    }
}

class Translation
{
public:
    explicit Translation(std::string &out) : m_json(out) {}
    const std::string &problem() const { return m_problem; }

    bool message(const MessageTable &table, std::string_view bytes, unsigned depth)
    {
        if (depth == DepthMax)
            return fail(table, "nests deeper than 100 levels");
        std::uint32_t chosen = 0;
        ProtobufFields all(bytes);
        while (all.next()) {
            for (const FieldRow &row : table.fields)
                chosen = row.oneOf && row.number == all.number() ? row.number : chosen;
        }
        if (!all.isWhole())
            return fail(table, "is cut or damaged");
        m_json.beginObject();
        for (const FieldRow &row : table.fields) {
            if ((!row.oneOf || row.number == chosen) && !field(table, row, bytes, depth))
                return false;
        }
        m_json.endObject();
        return true;
    }

private:
    bool fail(const MessageTable &table, std::string_view what)
    {
        m_problem = std::string(table.name) + ' ' + std::string(what);
        return false;
    }

    bool isOf(const FieldRow &row, const ProtobufFields &fields) const
    {
        const bool packed = row.repeated && fields.wire() == ProtobufFields::Wire::Bytes;
        return fields.number() == row.number && (packed || fields.wire() == wireOf(row.kind));
    }

    /// All of them as an array, or the last.
    bool field(const MessageTable &table, const FieldRow &row, std::string_view bytes, unsigned depth)
    {
        ProtobufFields fields(bytes), last(bytes);
        bool any = false;
        while (fields.next()) {
            if (!isOf(row, fields))
                continue;
            if (row.repeated && !any)
                m_json.key(row.name).beginArray();
            any = true;
            last = fields;
            if (row.repeated && !element(table, row, fields, depth))
                return false;
        }
        if (any && row.repeated)
            m_json.endArray();
        if (!any || row.repeated)
            return true;
        if (row.kind == Kind::Id && last.bytes().empty())
            return true; // no id
        m_json.key(row.name);
        return value(table, row, last, depth);
    }

    /// One of a repeated field, or several that are packed together.
    bool element(const MessageTable &table, const FieldRow &row, const ProtobufFields &fields, unsigned depth)
    {
        if (wireOf(row.kind) == ProtobufFields::Wire::Bytes || fields.wire() != ProtobufFields::Wire::Bytes)
            return value(table, row, fields, depth);
        std::string_view rest = fields.bytes();
        while (!rest.empty()) {
            const auto number = wireOf(row.kind) == ProtobufFields::Wire::Varint ? takeVarint(rest) : takeFixed64(rest);
            if (!number)
                return fail(table, "is cut or damaged");
            scalar(row.kind, *number);
        }
        return true;
    }

    bool value(const MessageTable &table, const FieldRow &row, const ProtobufFields &fields, unsigned depth)
    {
        std::string text;
        switch (row.kind) {
        case Kind::Text:
            if (!isValidUtf8(fields.bytes()))
                return fail(table, "holds a text that is not UTF-8: " + std::string(row.name));
            m_json.string(fields.bytes());
            return true;
        case Kind::Id:
            for (const char c : fields.bytes()) {
                constexpr std::string_view Hex = "0123456789abcdef";
                const auto byte = static_cast<unsigned char>(c);
                text.append(1, Hex[byte >> 4]).append(1, Hex[byte & 15]);
            }
            m_json.string(text);
            return true;
        case Kind::Bytes: m_json.string(base64(fields.bytes())); return true;
        case Kind::Message: return message(*row.message, fields.bytes(), depth + 1);
        default: scalar(row.kind, fields.integer()); return true;
        }
    }

    void scalar(Kind kind, std::uint64_t bits)
    {
        switch (kind) {
        case Kind::Bool: m_json.boolean(bits != 0); break;
        case Kind::Number: m_json.integer(static_cast<std::int32_t>(bits)); break;
        case Kind::Zigzag:
            m_json.integer(static_cast<std::int32_t>(static_cast<std::uint32_t>(bits) >> 1)
                           ^ -static_cast<std::int32_t>(bits & 1));
            break;
        case Kind::Long:
        case Kind::Signed: m_json.string(std::to_string(static_cast<std::int64_t>(bits))); break;
        case Kind::Fixed: m_json.string(std::to_string(bits)); break;
        case Kind::Fixed32: m_json.unsignedInteger(bits); break;
        default: {
            const auto number = std::bit_cast<double>(bits);
            if (std::isfinite(number))
                m_json.number(number);
            else
                m_json.string(std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
        }
        }
    }

    JsonWriter m_json;
    std::string m_problem;
};

} // namespace

Result<std::string> otlpJson(OtlpExport signal, std::string_view message)
{
    const MessageTable &table = signal == OtlpExport::Logs ? Logs : signal == OtlpExport::Metrics ? Metrics : Traces;
    std::string out;
    Translation translation(out);
    if (!translation.message(table, message, 0))
        return Error{Error::Code::InvalidInput, translation.problem(), {}, "send the export request of this signal"};
    return out;
}

std::string rpcStatus(int code, std::string_view message)
{
    std::string out;
    appendProtobufInteger(out, 1, static_cast<std::uint64_t>(code));
    appendProtobufBytes(out, 2, message);
    return out;
}

} // namespace eventops
