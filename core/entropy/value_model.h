// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/base/types.h"
#include "core/entropy/flat_table.h"
#include "core/entropy/value_band.h"
#include "core/entropy/value_detail.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace eventops {

/// What a value surprises against.
enum class ValuePart : std::uint8_t {
    Nothing,
    Record, ///< All values that the series ever showed.
    Jump,   ///< How far values ever went from the mean of the last 16: steps and slopes.
    Level,  ///< Where the mean of the last 16 ever was: shifts too small to see in one value.
    Season, ///< What this hour of the day or of the week usually shows.
    Shape,  ///< What was ever seen together with the mean of the last 64.
};

/// "record", "jump", …; empty for Nothing.
std::string_view toString(ValuePart part);

/// What a value model says of one value, all of it from before the value was learned.
struct ValueScore {
    bool learning = true;      ///< Too few samples: no bits, no alarm.
    bool fresh = false;        ///< More surprising, by a bit, than the decayed last alarm of its series.
    bool alarm = false;        ///< Fresh and of bitsMin or more.
    ValuePart part = ValuePart::Nothing; ///< The one whose bits these are: the most of all.
    double bits = 0.0;         ///< −log2 of the probability of going so far beyond all that was seen; 0 within it.
    double expected = 0.0;     ///< By the part that speaks; in the series' unit.
    double spread = 0.0;       ///< What counts as one step away from it, in the series' unit.
    std::uint64_t samples = 0; ///< Behind the expectation.
    /// Of an alarm: the nearest values that would have had less than bitsMin. from > to: there are none; rare.
    double unsurprisingFrom = 0.0;
    double unsurprisingTo = 0.0;
};

/// One measured value.
struct ValueSample {
    std::uint64_t series = 0;  ///< Hash of tenant, entity and metric, not 0.
    double value = 0.0;
    WallNs ts = NoTime;        ///< When it was measured; without one no season is learned.
    std::uint32_t age = 0;     ///< ageOf its record.
    bool wantBits = true;      ///< False: bits may stay 0 where there is no alarm. What is learned is the same.
};

/// Expectation of a measured value, series by series.
/// Thread: one; each partition has its own. Complexity: O(1) a value. Memory: bounded.
class ValueModel
{
public:
    virtual ~ValueModel();
    /// Scores the sample, then learns it.
    virtual ValueScore observe(const ValueSample &sample) = 0;
    /// What an alarm takes from now on.
    virtual void setBitsMin(double bits) = 0;
    virtual void save(StateWriter &out) const = 0;
    virtual Status load(StateReader &in) = 0;
};

struct RobustValueOptions {
    double bitsMin = 10.0;           ///< Below it nothing alarms.
    std::uint32_t samplesMin = 24;   ///< Learning before; 2 or more.
    std::uint32_t memorySamples = 256; ///< Weight of the past: rates never fall below 1/memorySamples.
    std::size_t seriesMax = 3'125;
    std::size_t detailsMax = 256;    ///< Series whose season and shapes are learned too.
};

/// A score in [0,1) as benchmarks want it: a fixed monotone map of the bits of a fresh surprise, 0 of any other.
double unitScore(const ValueScore &score);
/// The same map of bits.
double unitScoreOfBits(double bits);

/// Each number of a series that can be told from its past has a ValueBand: the value, and its distance from the mean of
/// the last 16 values; and, once 64 samples are there and while fewer than detailsMax series have it, that mean itself
/// and what the season leaves; and the boxes of ShapePrototypes. The most surprising of them speaks. It is news only
/// when it beats the series' last alarm by a bit; that mark decays by 1/256 a sample. Outliers widen a record by four
/// units at most and move a level by three standard deviations at most; what stays becomes the new normal.
///
/// A series has 64 bytes; one with details 1.8 kB more. Details of a series not seen for a million records go when
/// another wants their place; otherwise they stay, and the other does without.
class RobustValueModel final : public ValueModel
{
public:
    explicit RobustValueModel(const RobustValueOptions &options);
    ~RobustValueModel() override;
    ValueScore observe(const ValueSample &sample) override;
    void setBitsMin(double bits) override;
    void save(StateWriter &out) const override;
    Status load(StateReader &in) override;
    std::size_t size() const { return m_table.size(); }
    std::size_t detailed() const { return m_details.size(); }
    std::size_t bytes() const
    {
        return m_table.bytes() + m_details.bytes() + m_details.size() * sizeof(SeriesDetail);
    }

    static constexpr std::size_t SeriesBytesMax = 64;

private:
    /// All floats but the scales are less the level: they hold large counters too.
    struct alignas(64) Series {
        std::uint64_t key = 0;
        double level = 0.0;
        float low = 0.0F;           ///< The record of values.
        float high = 0.0F;
        float last = 0.0F;
        float scale = 0.0F;
        float fast = 0.0F;          ///< Mean of the last 16 samples, exponentially.
        float jumpLow = 0.0F;       ///< The record of value − fast; not less the level.
        float jumpHigh = 0.0F;
        float jumpScale = 0.0F;
        float step = 0.0F;
        std::uint16_t mark = 0;     ///< Bits of the last alarm, decayed, in 1/64.
        std::uint16_t quantum = 0;  ///< Smallest step other than none, the upper half of a float; 0: none yet.
        std::uint32_t seen = 0;
        std::uint32_t samples : 31 = 0;
        std::uint32_t detailed : 1 = 0;

        ValueBand valueBand() const { return {0.0F, low, high, last, scale, step}; }
        ValueBand jumpBand() const { return {0.0F, jumpLow, jumpHigh, 0.0F, jumpScale, step}; }
    };
    static_assert(sizeof(Series) == SeriesBytesMax, "one cache line a series");

    struct DetailSlot {
        std::uint64_t key = 0;
        std::uint32_t seen = 0;
        std::unique_ptr<SeriesDetail> detail;
    };

    struct Judged; ///< What all parts look at.

    SeriesDetail *detailOf(Series &s, std::uint32_t age);
    void judge(const Judged &judged, ValueScore &out) const;
    void judgeDetail(const Judged &judged, ValueScore &out) const;
    ValueRange unsurprising(const Judged &judged) const;
    bool mayAlarm(const Series &s, double offset, const BandTerms &terms, bool wantBits, bool isFew) const;
    void observeClosely(Series &s, SeriesDetail *detail, const ValueSample &sample, const BandTerms &terms,
                        ValueScore &result);
    static void learnDetail(SeriesDetail &d, const ValueSample &sample, const Judged &judged);
    BandTerms termsOf(std::uint32_t samples, const Series &s) const;
    static void start(Series &s, double value);
    static void learnSeries(Series &s, double offset, const BandTerms &terms);

    RobustValueOptions m_options;
    float m_rateMin;
    float m_unitsFew = 0.0F;  ///< With less beyond any record there is no alarm: of series without details,
    float m_unitsMany = 0.0F; ///< of any.
    FlatTable<Series> m_table;
    FlatTable<DetailSlot> m_details;
    std::uint32_t m_sweepAge = 0; ///< When a full detail table is next searched for what was not seen for long.
};

} // namespace eventops
