// SPDX-License-Identifier: MIT
#include "core/entropy/value_model.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace eventops {
namespace {

constexpr double ValueAbsMax = 1e37;     ///< Larger values are not scored: their steps overflow a float.
constexpr double FastSamples = 16.0;
constexpr std::uint32_t DetailSamplesMin = 64; ///< Before it a series gets no details.
constexpr std::uint32_t DetailIdleAges = 4096; ///< A million records: details not met for so long may go.
constexpr double MarkUnits = 64.0;       ///< A bit.
constexpr unsigned MarkDecay = 256;      ///< Samples.
constexpr double MarkMargin = 1.0;       ///< Bits.
constexpr double NoScale = 1e-9;         ///< Of the level: a smaller unit is none.
constexpr double NoStep = 1e-6;          ///< Of the distance from the level: a smaller step is rounding.
constexpr std::uint32_t SamplesMax = (1U << 31) - 1;
constexpr double Within = 1.0 - 1.0 / 1024.0; ///< Of what is allowed: so far an explanation goes.
constexpr double ScoreHalfBits = 10.0;   ///< Their unitScore is a half.

/// What of BandTerms only depends on the number of samples.
struct SamplePace {
    float rate = 1.0F;
    float widening = 1.0F;
};

constexpr SamplePace paceOf(std::uint32_t samples)
{
    const float some = static_cast<float>(samples > 0 ? samples : 1);
    return {1.0F / (static_cast<float>(samples) + 1.0F),
            ValueBand::DeviationPerScale * (1.0F + ValueBand::ColdStartSamples / some)};
}

/// Divisions are dear: those of the first samples are done once.
constexpr auto Paces = [] {
    std::array<SamplePace, 256> all{};
    for (std::uint32_t i = 0; i < all.size(); ++i)
        all[i] = paceOf(i);
    return all;
}();

float quantumOf(std::uint16_t stored)
{
    return std::bit_cast<float>(static_cast<std::uint32_t>(stored) << 16);
}

/// Rounds down; the order of positive floats is that of their bits.
std::uint16_t smallerQuantum(std::uint16_t stored, double step)
{
    const auto bits = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(step)) >> 16);
    return bits != 0 && (stored == 0 || bits < stored) ? bits : stored;
}

/// Narrows @p range to the values x for which (x − shift) / stretch has less than @p bitsMin.
void clipTo(ValueRange &range, const ValueBand &band, const BandTerms &terms, double bitsMin, double shift,
            double stretch)
{
    const float unit = band.unit(terms);
    double more = 0.5 * static_cast<double>(terms.nothing);
    if (unit > terms.nothing)
        more = Within * static_cast<double>(unit) * surpriseUnits(bitsMin, terms.samples);
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
    float unit = 0.0F;            ///< Of the value's band.
    bool varies = false;          ///< It is more than nothing.
    double mean = 0.0;            ///< Of the last 16 with this one, less the origin.
    bool meanWasCalm = false;     ///< Without this one: it is this value that carries it beyond, if it is.
    std::optional<double> season{}; ///< Expected, less the origin.
};

RobustValueModel::RobustValueModel(const RobustValueOptions &options)
    : m_options(options), m_rateMin(1.0F / static_cast<float>(std::max<std::uint32_t>(options.memorySamples, 1))),
      m_table(options.seriesMax), m_details(options.detailsMax)
{
    setBitsMin(options.bitsMin);
}

void RobustValueModel::setBitsMin(double bits)
{
    if (bits == m_options.bitsMin && m_unitsFew > 0.0F)
        return;
    m_options.bitsMin = bits;
    m_unitsFew = static_cast<float>(Within * surpriseUnits(bits, DetailSamplesMin));
    m_unitsMany = static_cast<float>(Within * surpriseUnits(bits, RecordSamplesMax));
}

RobustValueModel::~RobustValueModel() = default;

inline BandTerms RobustValueModel::termsOf(std::uint32_t samples, const Series &s) const
{
    const SamplePace pace = samples < Paces.size() ? Paces[samples] : paceOf(samples);
    return {static_cast<double>(samples), std::max(pace.rate, m_rateMin), pace.widening, quantumOf(s.quantum), 1.0F,
            static_cast<float>(NoScale * std::fabs(s.level))};
}

void RobustValueModel::start(Series &s, double value)
{
    s.level = value;
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
    slot.detail->origin = s.level;
    slot.detail->slow = static_cast<double>(s.fast);
    slot.detail->mean.start(slot.detail->slow);
    s.detailed = 1;
    return slot.detail.get();
}

void RobustValueModel::judge(const Judged &judged, ValueScore &out) const
{
    const Series &s = judged.series;
    const double offset = judged.value - s.level;
    const double fast = static_cast<double>(s.fast);
    const double record = s.valueBand().excessUnits(offset, judged.terms);
    const double jump = s.jumpBand().excessUnits(offset - fast, judged.terms);
    out.spread = static_cast<double>(judged.unit);
    out.bits = surpriseBits(std::max(record, jump), judged.terms.samples);
    if (jump > record) {
        out.part = ValuePart::Jump;
        out.expected = s.level + fast;
        out.spread = static_cast<double>(s.jumpBand().unit(judged.terms));
    } else if (record > 0.0) {
        out.part = ValuePart::Record;
    }
    if (judged.detail != nullptr)
        judgeDetail(judged, out);
}

void RobustValueModel::judgeDetail(const Judged &judged, ValueScore &out) const
{
    const SeriesDetail &detail = *judged.detail;
    const auto says = [&](ValuePart part, double units, double samples, double expected, float spread) {
        const double bits = surpriseBits(units, samples);
        if (!(bits > out.bits))
            return;
        out.bits = bits;
        out.part = part;
        out.expected = detail.origin + expected;
        out.spread = static_cast<double>(spread);
    };
    if (judged.meanWasCalm)
        says(ValuePart::Level, detail.mean.excessUnits(judged.mean, judged.meanTerms), judged.meanTerms.samples,
             static_cast<double>(detail.mean.level), detail.mean.unit(judged.meanTerms));
    const double value = judged.value - detail.origin;
    if (judged.season && detail.residualSamples >= m_options.samplesMin)
        says(ValuePart::Season, detail.residual.excessUnits(value - *judged.season, judged.residualTerms),
             judged.residualTerms.samples, *judged.season + static_cast<double>(detail.residual.level),
             detail.residual.unit(judged.residualTerms));
    if (!judged.varies || detail.samples < DetailSamplesMin)
        return;
    if (const double distance = detail.shapes.distance(value, detail.slow).value_or(0.0); distance > 0.0)
        says(ValuePart::Shape, distance / static_cast<double>(judged.unit), judged.meanTerms.samples,
             judged.series.level - detail.origin, judged.unit);
}

ValueRange RobustValueModel::unsurprising(const Judged &judged) const
{
    const Series &s = judged.series;
    ValueRange range{-ValueAbsMax, ValueAbsMax};
    const double fast = s.level + static_cast<double>(s.fast);
    clipTo(range, s.valueBand(), judged.terms, m_options.bitsMin, s.level, 1.0);
    clipTo(range, s.jumpBand(), judged.terms, m_options.bitsMin, fast, 1.0);
    if (const SeriesDetail *detail = judged.detail; detail != nullptr) {
        if (judged.meanWasCalm) // mean = fast + (x − fast) / 16
            clipTo(range, detail->mean, judged.meanTerms, m_options.bitsMin,
                   fast - FastSamples * (fast - detail->origin), FastSamples);
        if (judged.season && detail->residualSamples >= m_options.samplesMin)
            clipTo(range, detail->residual, judged.residualTerms, m_options.bitsMin, detail->origin + *judged.season,
                   1.0);
        if (judged.varies && detail->samples >= DetailSamplesMin) {
            const double reach = Within * static_cast<double>(judged.unit)
                               * surpriseUnits(m_options.bitsMin, judged.meanTerms.samples);
            ValueRange near{range.from - detail->origin, range.to - detail->origin};
            near = detail->shapes.nearest(judged.value - detail->origin, detail->slow, reach, near);
            range = {near.from + detail->origin, near.to + detail->origin};
        }
    }
    return range;
}

void RobustValueModel::learnDetail(SeriesDetail &d, const ValueSample &sample, const Judged &judged)
{
    const double value = sample.value - d.origin;
    d.mean.learn(judged.mean, judged.meanTerms);
    if (judged.season) {
        if (d.residualSamples == 0)
            d.residual.start(value - *judged.season);
        else
            d.residual.learn(value - *judged.season, judged.residualTerms);
        d.residualSamples = std::min(d.residualSamples + 1, SamplesMax);
    }
    if (judged.varies)
        d.shapes.learn(value, d.slow, static_cast<double>(judged.unit));
    d.season.learn(sample.ts, value, judged.series.level - d.origin);
    d.slow += (value - d.slow) / SeriesDetail::SlowSamples;
    d.samples = std::min(d.samples + 1, SamplesMax);
}

inline void RobustValueModel::learnSeries(Series &s, double offset, const BandTerms &terms)
{
    const double jump = offset - static_cast<double>(s.fast);
    const double step = std::fabs(offset - static_cast<double>(s.last));
    if (step > NoStep * std::fabs(offset))
        s.quantum = smallerQuantum(s.quantum, step);
    ValueBand jumps = s.jumpBand();
    jumps.learn(jump, terms);
    s.jumpLow = jumps.low;
    s.jumpHigh = jumps.high;
    s.jumpScale = jumps.scale;
    ValueBand values = s.valueBand();
    values.learn(offset, terms);
    const float move = values.level; // all that is less the level moves with it
    s.level += static_cast<double>(move);
    s.low = values.low - move;
    s.high = values.high - move;
    s.last = values.last - move;
    s.scale = values.scale;
    s.step = values.step;
    s.fast += static_cast<float>(jump) * std::max(terms.rate, static_cast<float>(1.0 / FastSamples)) - move;
    s.samples = std::min<std::uint32_t>(s.samples + 1, SamplesMax) & SamplesMax;
}

/// Cheap: whether the parts that every series has go so far that they could alarm or, if wanted, have bits at all.
inline bool RobustValueModel::mayAlarm(const Series &s, double offset, const BandTerms &terms, bool wantBits,
                                       bool isFew) const
{
    const auto x = static_cast<float>(offset);
    const float least = wantBits ? 0.0F : isFew ? m_unitsFew : m_unitsMany;
    const ValueBand values = s.valueBand();
    const ValueBand jumps = s.jumpBand();
    return values.excess(x) > least * values.unit(terms) || jumps.excess(x - s.fast) > least * jumps.unit(terms);
}

/// What may be an alarm, or has details.
void RobustValueModel::observeClosely(Series &s, SeriesDetail *detail, const ValueSample &sample,
                                      const BandTerms &terms, ValueScore &result)
{
    Judged judged{.series = s, .detail = detail, .value = sample.value, .terms = terms};
    judged.unit = s.valueBand().unit(terms);
    judged.varies = judged.unit > terms.nothing;
    if (detail != nullptr) {
        judged.meanTerms = termsOf(detail->samples, s);
        judged.meanTerms.share = static_cast<float>(1.0 / FastSamples);
        judged.residualTerms = termsOf(detail->residualSamples, s);
        const double fast = s.level + static_cast<double>(s.fast);
        judged.mean = fast - detail->origin + (sample.value - fast) / FastSamples;
        judged.meanWasCalm = detail->samples >= m_options.samplesMin
            && surpriseBits(detail->mean.excessUnits(fast - detail->origin, judged.meanTerms), detail->samples)
                   < m_options.bitsMin;
        judged.season = detail->season.expected(sample.ts);
    }
    if (!result.learning) {
        judge(judged, result);
        if (result.bits > 0.0 && result.bits > s.mark / MarkUnits + MarkMargin) {
            result.fresh = true;
            result.alarm = result.bits >= m_options.bitsMin;
            if (result.alarm) {
                s.mark = static_cast<std::uint16_t>(std::min(result.bits * MarkUnits, 65535.0));
                const ValueRange calm = unsurprising(judged);
                result.unsurprisingFrom = calm.from;
                result.unsurprisingTo = calm.to;
            }
        }
    }
    if (detail != nullptr)
        learnDetail(*detail, sample, judged);
}

ValueScore RobustValueModel::observe(const ValueSample &sample)
{
    ValueScore result;
    const double value = sample.value;
    if (!(std::fabs(value) < ValueAbsMax))
        return result;
    const auto [s, isNew] = m_table.findOrInsert(sample.series);
    s.seen = sample.age;
    if (isNew) {
        start(s, value);
        return result;
    }
    const BandTerms terms = termsOf(s.samples, s);
    const double offset = value - s.level;
    result.learning = s.samples < m_options.samplesMin;
    result.expected = s.level;
    result.samples = s.samples;
    s.mark = static_cast<std::uint16_t>(s.mark - (s.mark + MarkDecay - 1) / MarkDecay);
    const bool isFew = s.samples < DetailSamplesMin;
    SeriesDetail *detail = isFew ? nullptr : detailOf(s, sample.age);
    if (detail != nullptr || (!result.learning && mayAlarm(s, offset, terms, sample.wantBits, isFew)))
        observeClosely(s, detail, sample, terms, result);
    else
        result.spread = static_cast<double>(s.valueBand().unit(terms));
    learnSeries(s, offset, terms);
    return result;
}

void RobustValueModel::save(StateWriter &out) const
{
    const auto all = m_table.sorted();
    out.u64(all.size());
    for (const Series *s : all) {
        out.u64(s->key);
        out.f64(s->level);
        for (const float number : {s->low, s->high, s->last, s->scale, s->fast, s->jumpLow, s->jumpHigh, s->jumpScale,
                                   s->step})
            out.f64(static_cast<double>(number));
        out.u64(s->mark);
        out.u64(s->quantum);
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
        s.level = in.f64();
        for (float *number : {&s.low, &s.high, &s.last, &s.scale, &s.fast, &s.jumpLow, &s.jumpHigh, &s.jumpScale,
                              &s.step})
            *number = static_cast<float>(in.f64());
        s.mark = static_cast<std::uint16_t>(in.u64());
        s.quantum = static_cast<std::uint16_t>(in.u64());
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
