// SPDX-License-Identifier: MIT
#include "core/entropy/value_model.h"

#include <algorithm>
#include <cmath>

namespace eventops {
namespace {

constexpr double ValueAbsMax = 1e37;     ///< Larger values are not scored: their steps overflow a float.
constexpr double FastSamples = 16.0;
constexpr std::uint32_t DetailSamplesMin = 64; ///< Before it a series gets no details.
constexpr std::uint32_t DetailIdleAges = 4096; ///< A million records: details not met for so long may go.
constexpr float MarkKeep = 1.0F - 1.0F / 256.0F;
constexpr float MarkMargin = 1.0F;       ///< Bits.
constexpr std::uint32_t SamplesMax = (1U << 31) - 1;
constexpr double Within = 1.0 - 1.0 / 1024.0; ///< Of what is allowed: so far an explanation goes.
constexpr double ScoreHalfBits = 10.0;   ///< Their unitScore is a half.

double smallerStep(float known, double step)
{
    return step > 0.0 && (known == 0.0F || step < static_cast<double>(known)) ? step : static_cast<double>(known);
}

/// How far beyond the record less than @p bitsMin reach, in the band's numbers.
template <typename Real>
double allowance(const ValueBand<Real> &band, const BandTerms &terms, double bitsMin)
{
    const double unit = band.unit(terms);
    if (!(unit > band.nothing()))
        return 0.5 * band.nothing();
    return Within * unit * excessUnits(bitsMin - recordBits(terms.samples));
}

/// Narrows @p range to the values x for which (x − shift) / stretch is allowed.
template <typename Real>
void clipTo(ValueRange &range, const ValueBand<Real> &band, const BandTerms &terms, double bitsMin, double shift,
            double stretch)
{
    if (terms.samples < 1.0)
        return;
    const double more = allowance(band, terms, bitsMin);
    range.clip(shift + stretch * (static_cast<double>(band.low) - more),
               shift + stretch * (static_cast<double>(band.high) + more));
}

} // namespace

std::string_view toString(ValuePart part)
{
    switch (part) {
    case ValuePart::Nothing: break;
    case ValuePart::Record: return "record";
    case ValuePart::Jump: return "jump";
    case ValuePart::Level: return "level";
    case ValuePart::Season: return "season";
    case ValuePart::Shape: return "shape";
    }
    return {};
}

double unitScoreOfBits(double bits)
{
    return bits > 0.0 ? bits / (bits + ScoreHalfBits) : 0.0;
}

double unitScore(const ValueScore &score)
{
    return score.fresh ? unitScoreOfBits(score.bits) : 0.0;
}

ValueModel::~ValueModel() = default;

struct RobustValueModel::Judged {
    const Series &series;
    const SeriesDetail *detail = nullptr;
    double value = 0.0;
    BandTerms terms{};            ///< Of the bands of value and jump.
    BandTerms meanTerms{};
    BandTerms residualTerms{};
    double unit = 0.0;            ///< Of the value's band.
    bool varies = false;          ///< It is more than nothing.
    double mean = 0.0;            ///< Of the last 16 with this one, less the origin.
    std::optional<double> season{}; ///< Expected, less the origin.
};

RobustValueModel::RobustValueModel(const RobustValueOptions &options)
    : m_options(options), m_rateMin(1.0 / std::max<std::uint32_t>(options.memorySamples, 1)),
      m_table(options.seriesMax), m_details(options.detailsMax)
{
}

RobustValueModel::~RobustValueModel() = default;

void RobustValueModel::start(Series &s, double value)
{
    s.value.start(value);
    s.jump.start(0.0);
    s.fast = value;
    s.samples = 1;
}

SeriesDetail *RobustValueModel::detailOf(Series &s, std::uint32_t age)
{
    if (s.detailed != 0) {
        if (DetailSlot *slot = m_details.find(s.key)) {
            slot->seen = age;
            return slot->detail.get();
        }
        s.detailed = 0;
    }
    if (m_details.size() >= m_options.detailsMax) {
        if (age < m_sweepAge || m_options.detailsMax == 0)
            return nullptr;
        m_sweepAge = age + DetailIdleAges / 8;
        m_details.dropBefore(age > DetailIdleAges ? age - DetailIdleAges : 0);
        if (m_details.size() >= m_options.detailsMax)
            return nullptr;
    }
    DetailSlot &slot = m_details.findOrInsert(s.key).first;
    slot.seen = age;
    slot.detail = std::make_unique<SeriesDetail>();
    slot.detail->origin = s.value.level;
    slot.detail->slow = s.fast - s.value.level;
    slot.detail->mean.start(slot.detail->slow);
    s.detailed = 1;
    return slot.detail.get();
}

void RobustValueModel::judge(const Judged &judged, ValueScore &out) const
{
    const Series &s = judged.series;
    out.learning = false;
    out.expected = s.value.level;
    out.spread = judged.unit;
    out.samples = s.samples;
    const double record = bandBits(s.value, judged.value, judged.terms);
    if (record > 0.0) {
        out.bits = record;
        out.part = ValuePart::Record;
    }
    const double jump = bandBits(s.jump, judged.value - s.fast, judged.terms);
    if (jump > out.bits) {
        out.bits = jump;
        out.part = ValuePart::Jump;
        out.expected = s.fast + static_cast<double>(s.jump.level);
        out.spread = s.jump.unit(judged.terms);
    }
    if (judged.detail != nullptr)
        judgeDetail(judged, out);
}

void RobustValueModel::judgeDetail(const Judged &judged, ValueScore &out) const
{
    const SeriesDetail &detail = *judged.detail;
    const auto says = [&](ValuePart part, double bits, double expected, double spread) {
        if (!(bits > out.bits))
            return;
        out.bits = bits;
        out.part = part;
        out.expected = detail.origin + expected;
        out.spread = spread;
    };
    if (detail.samples >= m_options.samplesMin)
        says(ValuePart::Level, bandBits(detail.mean, judged.mean, judged.meanTerms),
             static_cast<double>(detail.mean.level), detail.mean.unit(judged.meanTerms));
    const double value = judged.value - detail.origin;
    if (judged.season && detail.residualSamples >= m_options.samplesMin)
        says(ValuePart::Season, bandBits(detail.residual, value - *judged.season, judged.residualTerms),
             *judged.season + static_cast<double>(detail.residual.level), detail.residual.unit(judged.residualTerms));
    if (!judged.varies || detail.samples < DetailSamplesMin)
        return;
    const double distance = detail.shapes.distance(value, detail.slow).value_or(0.0);
    if (distance > 0.0)
        says(ValuePart::Shape, recordBits(detail.samples) + excessBits(distance / judged.unit),
             judged.series.value.level - detail.origin, judged.unit);
}

void RobustValueModel::explain(const Judged &judged, ValueScore &out) const
{
    const Series &s = judged.series;
    ValueRange range{-ValueAbsMax, ValueAbsMax};
    clipTo(range, s.value, judged.terms, m_options.bitsMin, 0.0, 1.0);
    clipTo(range, s.jump, judged.terms, m_options.bitsMin, s.fast, 1.0);
    if (const SeriesDetail *detail = judged.detail; detail != nullptr) {
        const double fast = s.fast;
        if (detail->samples >= m_options.samplesMin) // mean = fast + (x − fast) / 16
            clipTo(range, detail->mean, judged.meanTerms, m_options.bitsMin,
                   fast - FastSamples * (fast - detail->origin), FastSamples);
        if (judged.season && detail->residualSamples >= m_options.samplesMin)
            clipTo(range, detail->residual, judged.residualTerms, m_options.bitsMin, detail->origin + *judged.season,
                   1.0);
        if (judged.varies && detail->samples >= DetailSamplesMin) {
            const double reach
                = Within * judged.unit * excessUnits(m_options.bitsMin - recordBits(detail->samples));
            ValueRange near{range.from - detail->origin, range.to - detail->origin};
            near = detail->shapes.nearest(judged.value - detail->origin, detail->slow, reach, near);
            range = {near.from + detail->origin, near.to + detail->origin};
        }
    }
    out.unsurprisingFrom = range.from;
    out.unsurprisingTo = range.to;
}

void RobustValueModel::learn(Series &s, SeriesDetail *detail, const ValueSample &sample, const Judged &judged) const
{
    const double value = sample.value;
    const double level = s.value.level;
    if (detail != nullptr) {
        SeriesDetail &d = *detail;
        const double inside = value - d.origin;
        d.mean.learn(judged.mean, judged.meanTerms);
        if (judged.season) {
            if (d.residualSamples == 0)
                d.residual.start(inside - *judged.season);
            else
                d.residual.learn(inside - *judged.season, judged.residualTerms);
            d.residualSamples = std::min(d.residualSamples + 1, SamplesMax);
        }
        if (judged.varies)
            d.shapes.learn(inside, d.slow, judged.unit);
        d.season.learn(sample.ts, inside, level - d.origin);
        d.slow += (inside - d.slow) / SeriesDetail::SlowSamples;
        d.samples = std::min(d.samples + 1, SamplesMax);
    }
    s.quantum = static_cast<float>(smallerStep(s.quantum, std::fabs(value - s.value.last)));
    s.value.learn(value, judged.terms);
    s.jump.learn(value - s.fast, judged.terms);
    s.fast += (value - s.fast) * std::max(judged.terms.rate, 1.0 / FastSamples);
    s.samples = std::min<std::uint32_t>(s.samples + 1, SamplesMax) & SamplesMax;
}

ValueScore RobustValueModel::observe(const ValueSample &sample)
{
    ValueScore result;
    if (!(std::fabs(sample.value) < ValueAbsMax))
        return result;
    const auto [s, isNew] = m_table.findOrInsert(sample.series);
    s.seen = sample.age;
    if (isNew) {
        start(s, sample.value);
        return result;
    }
    SeriesDetail *detail = s.samples >= DetailSamplesMin ? detailOf(s, sample.age) : nullptr;
    const auto termsOf = [&](std::uint32_t samples) {
        return BandTerms{static_cast<double>(samples), std::max(1.0 / (samples + 1.0), m_rateMin),
                         static_cast<double>(s.quantum)};
    };
    Judged judged{.series = s, .detail = detail, .value = sample.value, .terms = termsOf(s.samples)};
    judged.unit = s.value.unit(judged.terms);
    judged.varies = judged.unit > s.value.nothing();
    if (detail != nullptr) {
        judged.meanTerms = termsOf(detail->samples);
        judged.residualTerms = termsOf(detail->residualSamples);
        judged.mean = s.fast - detail->origin + (sample.value - s.fast) / FastSamples;
        judged.season = detail->season.expected(sample.ts);
    }
    if (s.samples >= m_options.samplesMin)
        judge(judged, result);
    s.mark *= MarkKeep;
    if (result.bits > 0.0 && result.bits > static_cast<double>(s.mark + MarkMargin)) {
        result.fresh = true;
        s.mark = static_cast<float>(result.bits);
        result.alarm = result.bits >= m_options.bitsMin;
        if (result.alarm)
            explain(judged, result);
    }
    learn(s, detail, sample, judged);
    return result;
}

void RobustValueModel::save(StateWriter &out) const
{
    const auto all = m_table.sorted();
    out.u64(all.size());
    for (const Series *s : all) {
        out.u64(s->key);
        saveBand(out, s->value);
        saveBand(out, s->jump);
        for (const double number : {s->fast, static_cast<double>(s->mark), static_cast<double>(s->quantum)})
            out.f64(number);
        out.u64(s->seen);
        out.u64(s->samples);
        out.u64(s->detailed);
    }
    const auto details = m_details.sorted();
    out.u64(details.size());
    for (const DetailSlot *slot : details) {
        out.u64(slot->key);
        out.u64(slot->seen);
        slot->detail->save(out);
    }
    out.u64(m_sweepAge);
}

Status RobustValueModel::load(StateReader &in)
{
    m_table.clear();
    m_details.clear();
    const std::uint64_t count = in.u64();
    if (count > m_options.seriesMax)
        return Error{Error::Code::Corrupt, "value model state holds more series than series_max allows"};
    for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
        const std::uint64_t key = in.u64();
        if (key == 0)
            return Error{Error::Code::Corrupt, "value model state holds an impossible key"};
        Series &s = m_table.findOrInsert(key).first;
        loadBand(in, s.value);
        loadBand(in, s.jump);
        s.fast = in.f64();
        s.mark = static_cast<float>(in.f64());
        s.quantum = static_cast<float>(in.f64());
        s.seen = static_cast<std::uint32_t>(in.u64());
        s.samples = static_cast<std::uint32_t>(in.u64()) & SamplesMax;
        s.detailed = static_cast<std::uint32_t>(in.u64()) & 1U;
    }
    const std::uint64_t details = in.u64();
    if (details > m_options.detailsMax)
        return Error{Error::Code::Corrupt, "value model state holds more details than details_max allows"};
    for (std::uint64_t i = 0; i < details && !in.failed(); ++i) {
        const std::uint64_t key = in.u64();
        if (key == 0)
            return Error{Error::Code::Corrupt, "value model state holds an impossible key"};
        DetailSlot &slot = m_details.findOrInsert(key).first;
        slot.seen = static_cast<std::uint32_t>(in.u64());
        slot.detail = std::make_unique<SeriesDetail>();
        slot.detail->load(in);
    }
    m_sweepAge = static_cast<std::uint32_t>(in.u64());
    return in.failed() ? Status(Error{Error::Code::Corrupt, "value model state is cut short"}) : Status(Ok{});
}

} // namespace eventops
