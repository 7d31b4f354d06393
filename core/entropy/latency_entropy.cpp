// SPDX-License-Identifier: MIT
#include "core/entropy/latency_entropy.h"

#include "core/base/math.h"
#include "core/entropy/surprise.h"

#include <algorithm>
#include <cmath>

namespace eventops {
namespace {

constexpr std::int64_t TimeNsMax = std::int64_t{1} << 62; ///< Slices of such times begin and end within 64 bits.

std::int64_t floorDivide(std::int64_t number, std::int64_t by)
{
    return number / by - (number % by < 0 ? 1 : 0);
}

} // namespace

double histogramEntropyBits(std::span<const std::uint64_t> counts)
{
    double total = 0.0;
    for (const std::uint64_t count : counts)
        total += static_cast<double>(count);
    double bits = 0.0;
    for (const std::uint64_t count : counts) {
        if (count == 0)
            continue;
        const double p = static_cast<double>(count) / total;
        bits -= p * detLog2(p);
    }
    return std::max(0.0, bits);
}

LatencyEntropy::LatencyEntropy(const LatencyEntropyOptions &options) : m_options(options)
{
    m_options.bucketNs = std::max<std::int64_t>(1, m_options.bucketNs);
    m_options.sliceNs = std::max<std::int64_t>(1, m_options.sliceNs);
    m_options.slicesMin = std::max<std::size_t>(1, m_options.slicesMin);
    m_options.keysMax = std::max<std::size_t>(1, m_options.keysMax);
    m_windowSlices = std::clamp<std::int64_t>(m_options.windowNs / m_options.sliceNs, 1, SlicesMax);
}

LatencyEntropy::Series &LatencyEntropy::touch(std::uint64_t key, std::int64_t slice)
{
    if (const auto found = m_byKey.find(key); found != m_byKey.end()) {
        m_series.splice(m_series.end(), m_series, found->second);
        return *found->second;
    }
    if (m_series.size() >= m_options.keysMax) {
        m_byKey.erase(m_series.front().key);
        m_series.pop_front();
    }
    m_series.push_back({key, slice, 0, {}, {}});
    m_byKey[key] = std::prev(m_series.end());
    return m_series.back();
}

std::optional<EntropyDeviation> LatencyEntropy::observe(std::uint64_t key, std::int64_t latencyNs, WallNs at)
{
    if (at == NoTime || raw(at) < -TimeNsMax || raw(at) > TimeNsMax)
        return std::nullopt;
    const std::int64_t slice = floorDivide(raw(at), m_options.sliceNs);
    Series &series = touch(key, slice);
    std::optional<EntropyDeviation> found;
    if (slice < series.slice) {
        if (++series.lateRun < LateRunMax)
            return std::nullopt;
        series.counts.clear();
        series.past.clear();
        series.slice = slice;
    } else if (slice > series.slice) {
        found = finish(series);
        series.slice = slice;
    }
    series.lateRun = 0;
    const std::uint64_t bucket = static_cast<std::uint64_t>(std::max<std::int64_t>(0, latencyNs) / m_options.bucketNs);
    const auto same = std::ranges::find(series.counts, bucket, [](const auto &entry) { return entry.first; });
    if (same != series.counts.end())
        ++same->second;
    else if (series.counts.size() < BucketsMax)
        series.counts.emplace_back(bucket, 1);
    else
        ++series.counts.back().second;
    return found;
}

double LatencyEntropy::toleranceOf(const std::vector<double> &sorted, double baseline) const
{
    double tolerance = m_options.toleranceAbs;
    if (m_options.tolerance == EntropyTolerance::Pct)
        tolerance = baseline * m_options.tolerancePct / 100.0;
    if (m_options.tolerance == EntropyTolerance::Mad) {
        std::vector<double> away;
        for (const double entropy : sorted)
            away.push_back(std::fabs(entropy - baseline));
        std::ranges::sort(away);
        tolerance = medianOfSorted(away) * MedianToSigma * m_options.toleranceMads;
    }
    return std::max(tolerance, m_options.toleranceMin);
}

std::optional<EntropyDeviation> LatencyEntropy::finish(Series &series) const
{
    EntropyDeviation out;
    std::vector<std::uint64_t> counts;
    for (const auto &[bucket, count] : series.counts) {
        counts.push_back(count);
        out.samples += count;
    }
    series.counts.clear();
    if (out.samples < m_options.samplesMin)
        return std::nullopt;
    std::erase_if(series.past, [&](const auto &entry) { return entry.first < series.slice - m_windowSlices; });
    std::vector<double> sorted;
    for (const auto &[slice, entropy] : series.past)
        sorted.push_back(entropy);
    std::ranges::sort(sorted);
    out.entropy = histogramEntropyBits(counts);
    out.slices = sorted.size();
    out.baseline = medianOfSorted(sorted);
    out.tolerance = toleranceOf(sorted, out.baseline);
    out.start = WallNs{series.slice * m_options.sliceNs};
    out.end = WallNs{series.slice * m_options.sliceNs + m_options.sliceNs};
    series.past.emplace_back(series.slice, out.entropy);
    const bool deviates = out.slices >= m_options.slicesMin && std::fabs(out.entropy - out.baseline) > out.tolerance;
    return deviates ? std::optional(out) : std::nullopt;
}

void LatencyEntropy::save(StateWriter &out) const
{
    out.u64(m_series.size());
    for (const Series &series : m_series) {
        out.u64(series.key);
        out.i64(series.slice);
        out.u64(series.lateRun);
        out.u64(series.counts.size());
        for (const auto &[bucket, count] : series.counts) {
            out.u64(bucket);
            out.u64(count);
        }
        out.u64(series.past.size());
        for (const auto &[slice, entropy] : series.past) {
            out.i64(slice);
            out.f64(entropy);
        }
    }
}

Status LatencyEntropy::load(StateReader &in)
{
    const Error corrupt{Error::Code::Corrupt, "the stored state of latency_entropy cannot be read", {},
                        "run again from the start"};
    m_series.clear();
    m_byKey.clear();
    for (std::uint64_t n = in.u64(); n > 0 && !in.failed(); --n) {
        Series series;
        series.key = in.u64();
        series.slice = in.i64();
        series.lateRun = static_cast<std::uint32_t>(in.u64());
        const std::uint64_t counts = in.u64();
        if (in.failed() || counts > BucketsMax || m_byKey.contains(series.key))
            return corrupt;
        for (std::uint64_t i = 0; i < counts; ++i) {
            const std::uint64_t bucket = in.u64();
            series.counts.emplace_back(bucket, in.u64());
        }
        const std::uint64_t past = in.u64();
        if (in.failed() || past > SlicesMax + 1)
            return corrupt;
        for (std::uint64_t i = 0; i < past; ++i) {
            const std::int64_t slice = in.i64();
            series.past.emplace_back(slice, in.f64());
            if (!std::isfinite(series.past.back().second))
                return corrupt;
        }
        m_series.push_back(std::move(series));
        m_byKey.emplace(m_series.back().key, std::prev(m_series.end()));
    }
    return in.failed() ? Status(corrupt) : Status(Ok{});
}

LateP95Score LateP95::score(std::int64_t durationNs) const
{
    LateP95Score out;
    out.samples = m_sketch.total();
    out.learning = out.samples < SamplesMin;
    if (out.learning)
        return out;
    out.medianNs = m_sketch.quantileNs(0.5);
    out.madNs = (m_sketch.quantileNs(0.75) - m_sketch.quantileNs(0.25)) / 2;
    out.p95Ns = m_sketch.quantileNs(0.95);
    // Further than the sketch can tell apart from the percentile.
    out.late = GapSketch::bucketOf(durationNs) > GapSketch::bucketOf(out.p95Ns);
    const auto total = static_cast<double>(out.samples);
    out.bits = -detLog2((m_sketch.countLater(durationNs) + 0.5) / (total + 1.0)); // never no share at all
    return out;
}

} // namespace eventops
