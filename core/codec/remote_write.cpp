// SPDX-License-Identifier: MIT
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/envelopes.h"
#include "core/codec/metric_sample.h"
#include "core/codec/protobuf.h"
#include "core/codec/snappy.h"

#include <bit>
#include <limits>

// prometheus.remote: bodies of Prometheus' remote-write 1.0, a WriteRequest of Protocol Buffers packed with Snappy.
// Each sample is an event; metadata and native histograms are passed over.
namespace eventops {
namespace {

constexpr std::string_view Name = "prometheus.remote";
constexpr std::uint64_t StaleBits = 0x7ff0000000000002; ///< Of the value that says that a series ended.
constexpr std::int64_t MillisMax = std::numeric_limits<std::int64_t>::max() / NsPerMs;

// Numbers of fields in prompb/types.proto and remote.proto.
constexpr std::uint32_t RequestSeries = 1, SeriesLabel = 1, SeriesSample = 2, LabelName = 1, LabelValue = 2,
                        SampleValue = 1, SampleTime = 2;

class Decoder final : public CodecDecoder
{
public:
    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        const std::string_view raw = batch.raw(batch.records[record]);
        if (raw.empty())
            return lose(loss::EmptyRecord, "no bytes");
        const auto unpacked = snappyUnpacked(raw);
        if (!unpacked)
            return lose(loss::BadField, "the body is not packed with Snappy, or damaged");
        const std::size_t before = batch.events.size();
        ProtobufFields request(*unpacked);
        DecodeFailure failure;
        while (!failure && request.next()) {
            if (request.number() == RequestSeries)
                failure = series(batch, record, request.bytes());
        }
        if (!failure && !request.isWhole())
            failure = lose(loss::BadField, "the body is no WriteRequest: it is cut or damaged");
        if (!failure && batch.events.size() - before > std::numeric_limits<std::uint16_t>::max())
            failure = lose(loss::TooManyElements, "more than 65535 samples");
        if (failure)
            batch.events.resize(before);
        for (std::size_t i = before; i < batch.events.size(); ++i)
            batch.events[i].emission = static_cast<std::uint16_t>(i - before);
        return failure;
    }

private:
    DecodeFailure series(Batch &batch, std::uint32_t record, std::string_view message)
    {
        m_labels.clear();
        m_metric.clear();
        ProtobufFields labels(message);
        while (labels.next()) {
            if (labels.number() == SeriesLabel && !label(labels.bytes()))
                return lose(loss::BadField, "timeseries.labels: expected a name and a value in UTF-8");
        }
        if (!labels.isWhole())
            return lose(loss::BadField, "timeseries: it is cut or damaged");
        ProtobufFields samples(message);
        while (samples.next()) {
            if (samples.number() != SeriesSample)
                continue;
            if (m_metric.empty())
                return lose(loss::MissingField, "timeseries.labels.__name__ is missing");
            if (DecodeFailure failure = sample(batch, record, samples.bytes()))
                return failure;
        }
        return {};
    }

    bool label(std::string_view message)
    {
        std::string_view name, value;
        ProtobufFields fields(message);
        while (fields.next()) {
            if (fields.number() == LabelName)
                name = fields.bytes();
            else if (fields.number() == LabelValue)
                value = fields.bytes();
        }
        if (!fields.isWhole() || name.empty() || !isValidUtf8(name) || !isValidUtf8(value))
            return false;
        if (name == "__name__")
            m_metric = value;
        else
            m_labels.emplace_back(name, value);
        return true;
    }

    DecodeFailure sample(Batch &batch, std::uint32_t record, std::string_view message)
    {
        double value = 0.0;
        std::int64_t ms = 0;
        ProtobufFields fields(message);
        while (fields.next()) {
            if (fields.number() == SampleValue)
                value = fields.fixedDouble();
            else if (fields.number() == SampleTime)
                ms = static_cast<std::int64_t>(fields.integer());
        }
        if (!fields.isWhole())
            return lose(loss::BadField, "timeseries.samples: it is cut or damaged");
        if (ms > MillisMax || ms < -MillisMax)
            return lose(loss::BadTimestamp,
                        "timeseries.samples.timestamp: found " + std::to_string(ms) + ", expected milliseconds");
        std::string valueText;
        appendJsonNumber(valueText, value);
        const bool stale = std::bit_cast<std::uint64_t>(value) == StaleBits;
        const std::string timeText = std::to_string(ms);
        appendSample(batch, record, Name,
                     {m_metric, m_labels, valueText, value, timeText, WallNs{ms * NsPerMs},
                      stale ? std::string_view("{\"stale\":true}") : std::string_view()});
        return {};
    }

    std::vector<std::pair<std::string, std::string>> m_labels;
    std::string m_metric;
};

class RemoteWrite final : public Codec
{
public:
    std::string_view name() const override { return Name; }
    std::string_view summary() const override
    {
        return "Bodies of Prometheus' remote-write 1.0, Protocol Buffers packed with Snappy; each sample is an event.";
    }
    std::unique_ptr<CodecDecoder> makeDecoder() const override { return std::make_unique<Decoder>(); }
    Result<std::string> write(const Batch &, const Event &, LossReport &) const override
    {
        return Error{Error::Code::Unavailable, "remote-write is only read", {}, "write the event as prometheus"};
    }
};

} // namespace

const Codec &remoteWriteCodec()
{
    static const RemoteWrite codec;
    return codec;
}

} // namespace eventops
