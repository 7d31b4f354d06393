// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"
#include "core/base/hash.h"
#include "core/entropy/bits_tail.h"
#include "core/entropy/end_sets.h"
#include "core/entropy/gap_model.h"
#include "core/entropy/live_cases.h"
#include "core/entropy/mix_tables.h"
#include "core/entropy/next_step_model.h"

#include <cmath>
#include <random>

using namespace eventops;

namespace {

constexpr std::uint64_t Scope = 7;
constexpr WallNs Start{1'761'004'800'000'000'000};

StepSymbol named(const char *name)
{
    return symbolOf(hash64(name));
}

/// All three models of one party, over agreed state that may be shared.
struct Party {
    explicit Party(const NextStepLearned &steps, const GapLearned &gaps, const EndLearned &ends)
        : step(steps, 1 << 12), gap(gaps, 1 << 12), end(ends, 16, 1 << 12)
    {
    }
    NextStepModel step;
    GapModel gap;
    EndModel end;

    void learn(const std::vector<const char *> &names, std::int64_t gapNs = NsPerSecond, WallNs from = Start)
    {
        CaseState state;
        StepPrediction prediction;
        WallNs at = from;
        for (std::size_t i = 0; i <= names.size(); ++i) {
            const StepContexts contexts = stepContextsOf(Scope, state);
            step.predict(contexts, prediction);
            const StepSymbol next = i < names.size() ? named(names[i]) : EndSymbol;
            step.learn(contexts, prediction, next, 0);
            if (i == names.size())
                break;
            if (i > 0)
                gap.learn(gapContextsOf(Scope, state), state.gapTo(at), 0);
            take(state, names[i], at);
            at = WallNs{raw(at) + gapNs};
        }
        end.learn(Scope, state.shape, end.setOf(state).value(), 0);
    }
    void take(CaseState &state, const char *name, WallNs at)
    {
        const std::uint64_t before = state.shape;
        state.take(Scope, named(name), at);
        end.grow(before, state, 0);
    }
    CaseState after(const std::vector<const char *> &names, std::int64_t gapNs = NsPerSecond)
    {
        CaseState state;
        WallNs at = Start;
        for (const char *name : names) {
            take(state, name, at);
            at = WallNs{raw(at) + gapNs};
        }
        return state;
    }
    EndSurprise judgeEnd(const std::vector<const char *> &names)
    {
        const CaseState state = after(names);
        return end.judge(Scope, state.shape, end.setOf(state).value(), 0);
    }
    StepSurprise judgeStep(const std::vector<const char *> &names, const char *next)
    {
        const StepContexts contexts = stepContextsOf(Scope, after(names));
        StepPrediction prediction;
        step.predict(contexts, prediction);
        return step.judge(contexts, prediction, named(next), 0.0);
    }
    std::string state() const
    {
        StateWriter out;
        step.delta().save(out);
        gap.delta().save(out);
        end.delta().save(out);
        return out.take();
    }
};

struct Alone {
    NextStepLearned steps{1 << 14};
    GapLearned gaps{1 << 14};
    EndLearned ends{16, 1 << 14};
    Party party{steps, gaps, ends};
};

const std::vector<const char *> Order = {"created", "paid", "packed", "shipped"};

} // namespace

class TestCaseModels : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void tablesAreCloseToTheLogarithm()
    {
        const MixTables &tables = MixTables::instance();
        for (double x = 1e-9; x < 1e9; x *= 1.37) {
            QVERIFY2(std::fabs(tables.log2(x) - std::log2(x)) < 2e-7, qPrintable(QString::number(x)));
            const double e = std::log2(x);
            QVERIFY2(std::fabs(tables.exp2(e) / x - 1.0) < 2e-7, qPrintable(QString::number(x)));
        }
    }

    void aUsualStepIsProbableAndItsTermsSum()
    {
        Alone one;
        for (int i = 0; i < 200; ++i)
            one.party.learn(Order);
        for (const char *next : {"packed", "cancelled", "shipped", "created"}) {
            const StepSurprise s = one.party.judgeStep({"created", "paid"}, next);
            double sum = 0.0;
            for (const double term : s.terms)
                sum += term;
            QVERIFY(std::fabs(sum - s.bits) < 1e-9);
            QVERIFY(s.rarityBits <= s.bits + 1e-9);
            if (std::string_view(next) == "packed")
                QVERIFY2(s.bits < 0.1, qPrintable(QString::number(s.bits)));
            else
                QVERIFY2(s.rarityBits > 6.0, qPrintable(QString::number(s.rarityBits)));
        }
    }

    void probabilitiesSumToOne()
    {
        Alone one;
        std::mt19937 random(1);
        const char *names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};
        StepPrediction prediction;
        for (int i = 0; i < 300; ++i) {
            std::vector<const char *> steps;
            for (auto n = random() % 9 + 1; n > 0; --n)
                steps.push_back(names[random() % 12]);
            one.party.step.predict(stepContextsOf(Scope, one.party.after(steps)), prediction);
            double sum = prediction.other;
            for (const auto &next : prediction.all()) {
                QVERIFY(next.probability >= 0.0);
                sum += next.probability;
            }
            QVERIFY2(std::fabs(sum - 1.0) < 1e-5, qPrintable(QString::number(sum)));
            one.party.learn(steps);
        }
    }

    void aFifthOfTheTimeIsAFifth()
    {
        Alone one;
        for (int i = 0; i < 1000; ++i)
            one.party.learn(i % 5 == 0 ? std::vector<const char *>{"created", "cancelled"} : Order);
        const double p = one.party.judgeStep({"created"}, "cancelled").probability;
        QVERIFY2(p > 0.15 && p < 0.25, qPrintable(QString::number(p)));
    }

    void aCalmStepIsWhatTheWholeMixtureSays()
    {
        Alone one;
        std::mt19937 random(9);
        const char *names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
        StepPrediction quick;
        StepPrediction whole;
        std::size_t calm = 0;
        for (int i = 0; i < 400; ++i) {
            std::vector<const char *> steps;
            for (std::size_t n = 0; n < 8; ++n)
                steps.push_back(names[random() % 6 == 0 ? random() % 8 : n]);
            const StepContexts contexts = stepContextsOf(Scope, one.party.after({steps.begin(), steps.begin() + 4}));
            const StepSymbol next = named(steps[4]);
            one.party.step.expect(contexts, next, quick);
            one.party.step.predict(contexts, whole);
            const StepSurprise fast = one.party.step.judge(contexts, quick, next, 0.0);
            const StepSurprise full = one.party.step.judge(contexts, whole, next, 0.0);
            QVERIFY(std::fabs(fast.rarityBits - full.rarityBits) < 1e-12);
            QVERIFY2(full.bits <= fast.bits + 1e-4, qPrintable(QString::number(full.bits - fast.bits)));
            double sum = 0.0;
            for (const double term : fast.terms)
                sum += term;
            QVERIFY(std::fabs(sum - fast.bits) < 1e-9);
            if (quick.calm) {
                ++calm;
                QVERIFY(full.probability >= 0.5 && full.rarityBits <= 0.0);
            }
            one.party.learn(steps);
        }
        QVERIFY2(calm > 100 && calm < 390, qPrintable(QString::number(calm)));
    }

    void liveCasesAreKeptByWhenTheyWereSeen()
    {
        LiveCases cases(64);
        const auto idOf = [](std::uint64_t i) { return "order-" + std::string(i % 300, 'x') + std::to_string(i); };
        for (std::uint64_t i = 1; i <= 1000; ++i) {
            QVERIFY(cases.find(i * 977) == nullptr);
            CaseState &state = cases.add(i * 977, {i % 3, "acme", i % 3 == 0 ? "Order" : "Job", "shop", idOf(i)});
            state.seen = static_cast<std::uint32_t>(i);
            state.last = static_cast<StepSymbol>(i);
            QVERIFY(cases.size() <= 64);
        }
        std::size_t found = 0;
        for (std::uint64_t i = 1; i <= 1000; ++i) {
            const CaseState *state = cases.find(i * 977);
            if (state == nullptr)
                continue;
            ++found;
            QVERIFY(i > 900);
            const CaseOwner owner = cases.ownerOf(*state);
            QCOMPARE(owner.scope, i % 3);
            QVERIFY(owner.entityId == idOf(i) && owner.entityType == (i % 3 == 0 ? "Order" : "Job"));
        }
        QCOMPARE(found, cases.size());
        QVERIFY(cases.find(1000 * 977) != nullptr);
        QVERIFY2(cases.bytes() < 80'000, qPrintable(QString::number(cases.bytes())));
        StateWriter out;
        cases.save(out);
        const std::string bytes = out.take();
        LiveCases read(64);
        StateReader in(bytes);
        QVERIFY(read.load(in) && in.atEnd());
        StateWriter again;
        read.save(again);
        QVERIFY(again.take() == bytes);
        std::mt19937 random(11);
        for (int i = 0; i < 300; ++i) { // damage is an error or another table, never a crash
            std::string damaged = bytes;
            damaged[random() % damaged.size()] = static_cast<char>(random());
            StateReader bad(damaged);
            LiveCases other(64);
            (void)other.load(bad);
            QVERIFY(other.size() <= 64);
        }
    }

    void lanesAreCloseToTheLogarithm()
    {
        for (double x = 1e-9; x < 1e9; x *= 1.37) {
            const auto y = static_cast<float>(x);
            const double e = std::log2(static_cast<double>(y));
            QVERIFY(std::fabs(static_cast<double>(log2Lanes(FloatLanes{y, 1, 1, 1})[0]) - e) < 2e-6);
            const auto f = static_cast<float>(e);
            const double back = static_cast<double>(exp2Lanes(FloatLanes{f, 0, 0, 0})[0]);
            QVERIFY(std::fabs(back / std::exp2(static_cast<double>(f)) - 1.0) < 2e-6);
        }
    }

    void partitionsThatMergeKnowWhatOneKnows()
    {
        Alone whole;
        NextStepLearned steps(1 << 14);
        GapLearned gaps(1 << 14);
        EndLearned ends(16, 1 << 14);
        Party left(steps, gaps, ends);
        Party right(steps, gaps, ends);
        for (int i = 0; i < 100; ++i) {
            const std::vector<const char *> one = i % 4 == 0 ? std::vector<const char *>{"created", "cancelled"}
                                                             : Order;
            whole.party.learn(one);
            (i % 2 == 0 ? left : right).learn(one);
        }
        const NextStepLearned *stepDeltas[] = {&left.step.delta(), &right.step.delta()};
        const GapLearned *gapDeltas[] = {&left.gap.delta(), &right.gap.delta()};
        steps.merge(stepDeltas);
        gaps.merge(gapDeltas);
        ends.merge(left.end.delta());
        ends.merge(right.end.delta());
        left.step.delta().clear();
        left.gap.delta().clear();
        left.end.delta().clear();
        const double one = whole.party.judgeStep({"created"}, "cancelled").bits;
        const double two = left.judgeStep({"created"}, "cancelled").bits;
        QVERIFY2(std::fabs(one - two) < 0.5, qPrintable(QStringLiteral("%1 %2").arg(one).arg(two)));
        QCOMPARE(left.judgeEnd(Order).alike, std::uint64_t{75});
        QCOMPARE(left.judgeEnd({"created", "paid"}).cases, std::uint64_t{100});
        GapForecast a;
        GapForecast b;
        const GapContexts contexts = gapContextsOf(Scope, left.after({"created"}));
        whole.party.gap.forecast(contexts, a);
        left.gap.forecast(contexts, b);
        QCOMPARE(a.quantileNs(0.5), b.quantileNs(0.5));
    }

    void anEndNamesWhatIsMissingOrRepeated()
    {
        Alone one;
        for (int i = 0; i < 100; ++i)
            one.party.learn(Order);
        QCOMPARE(one.party.judgeEnd(Order).bits, 0.0);
        const EndSurprise missing = one.party.judgeEnd({"created", "paid", "shipped"});
        QCOMPARE(missing.edits.size(), std::size_t{1});
        QCOMPARE(missing.edits[0].step, named("packed"));
        QCOMPARE(missing.edits[0].expected, 1U);
        QCOMPARE(missing.edits[0].seen, 0U);
        QVERIFY(std::fabs(missing.bits - std::log2(101.0 / 0.5)) < 1e-9);
        const EndSurprise repeated = one.party.judgeEnd({"created", "paid", "paid", "packed", "shipped"});
        QCOMPARE(repeated.edits.size(), std::size_t{1});
        QCOMPARE(repeated.edits[0].seen, 2U);
        // The order of the steps is none of its business.
        QCOMPARE(one.party.judgeEnd({"paid", "created", "shipped", "packed"}).bits, 0.0);
    }

    void aStepWhoseNumberVariesIsCheap()
    {
        Alone one;
        for (int i = 0; i < 200; ++i) {
            std::vector<const char *> steps = Order;
            for (int n = 0; n < i % 11; ++n)
                steps.insert(steps.begin() + 1, "retried");
            one.party.learn(steps);
        }
        std::vector<const char *> more = Order;
        more.insert(more.begin() + 1, 14, "retried");
        std::vector<const char *> twice = Order;
        twice.push_back("shipped");
        QVERIFY(one.party.judgeEnd(more).bits + 3.0 < one.party.judgeEnd(twice).bits);
        // What none of two hundred showed is a finding, what ten of them showed is none by itself.
        const double threshold = one.party.end.threshold(Scope, 0.001);
        QVERIFY(one.party.judgeEnd(more).bits < threshold);
        QVERIFY(one.party.judgeEnd(twice).bits >= threshold - 1e-9);
    }

    void theTimeToTheNextStepIsAQuantile()
    {
        Alone one;
        std::mt19937 random(3);
        std::vector<std::int64_t> gaps;
        for (int i = 0; i < 2000; ++i) {
            gaps.push_back(static_cast<std::int64_t>(random() % 1'000'000) * 1'000'000);
            one.party.learn({"created", "paid"}, gaps.back());
        }
        std::sort(gaps.begin(), gaps.end());
        GapForecast forecast;
        one.party.gap.forecast(gapContextsOf(Scope, one.party.after({"created"})), forecast);
        QVERIFY(!forecast.learning());
        for (const double q : {0.1, 0.5, 0.9, 0.99}) {
            const auto exact = static_cast<double>(gaps[static_cast<std::size_t>(q * 2000)]);
            const auto told = static_cast<double>(forecast.quantileNs(q));
            QVERIFY2(std::fabs(told - exact) < 0.1 * exact + 1e9, qPrintable(QStringLiteral("%1").arg(told / exact)));
        }
        QVERIFY(forecast.tail(0) > 0.99);
        QVERIFY(forecast.tail(2'000'000'000'000) < 0.001);
        QVERIFY(forecast.tail(20'000'000'000'000) < forecast.tail(2'000'000'000'000));
    }

    void patienceEndsBeyondTheLongest()
    {
        Alone one;
        for (int i = 0; i < 100; ++i)
            one.party.learn({"created", "paid"}, (60 + i % 10) * NsPerSecond);
        const auto waits = [&](const std::vector<const char *> &names, double samplesMin) {
            return one.party.gap.patience(gapContextsOf(Scope, one.party.after(names)), 10.0, samplesMin);
        };
        const auto known = waits({"created"}, 30);
        QVERIFY(known.has_value());
        QCOMPARE(known->samples, 100.0);
        // Its tail beyond the longest gap L of 100 is 0.5/101 · (L/x)², which is 2^−10 at 2.25 L.
        const double longest = static_cast<double>(known->ns) / std::sqrt(1024.0 * 0.5 / 101.0);
        QVERIFY2(longest > 69e9 && longest < 78e9, qPrintable(QString::number(longest)));
        QVERIFY(!waits({"created"}, 101).has_value());
        const auto last = waits({"created", "paid"}, 30); // nothing ever followed: the scope's gaps are taken
        QVERIFY(last.has_value());
        QCOMPARE(last->samples, 0.0);
        QCOMPARE(last->ns, known->ns);
        GapForecast forecast;
        one.party.gap.forecast(gapContextsOf(Scope, one.party.after({"created"})), forecast);
        const auto bits = [&](std::int64_t s) { return -std::log2(forecast.tail(s * NsPerSecond)); };
        QVERIFY(std::fabs(bits(7'000) - bits(700) - 2.0 * std::log2(10.0)) < 1e-9);
        QVERIFY(bits(62) < 1.0);
    }

    void aWideChoiceIsNotRare()
    {
        Alone one;
        std::vector<std::string> names;
        for (int i = 0; i < 6; ++i)
            names.push_back("after-" + std::to_string(i));
        for (int i = 0; i < 600; ++i)
            one.party.learn({"created", names[static_cast<std::size_t>(i % 6)].c_str()});
        const StepSurprise s = one.party.judgeStep({"created"}, "after-3");
        QVERIFY2(s.bits > 2.0 && s.bits < 3.5, qPrintable(QString::number(s.bits)));
        QVERIFY2(s.rarityBits < 2.0, qPrintable(QString::number(s.rarityBits)));
        QVERIFY(one.party.judgeStep({"created"}, "never").rarityBits > 6.0);
    }

    void manyMoreIsDearerThanOneMore()
    {
        Alone one;
        for (int i = 0; i < 400; ++i) {
            std::vector<const char *> steps = Order;
            steps.insert(steps.begin() + 1, i % 100 == 50 ? 1 + i / 300 : 0, "failed");
            one.party.learn(steps);
        }
        const auto failing = [&](std::size_t times) {
            std::vector<const char *> steps = Order;
            steps.insert(steps.begin() + 1, times, "failed");
            return one.party.judgeEnd(steps).bits;
        };
        QCOMPARE(failing(1), 0.0);
        QVERIFY(failing(3) > 0.0);
        QVERIFY2(failing(7) > failing(3) + 1.0, qPrintable(QString::number(failing(7) - failing(3))));
        // While the case goes on, only what is too many counts.
        const CaseState state = one.party.after(
            {"created", "failed", "failed", "failed", "failed", "failed", "failed", "failed"});
        QVERIFY(!one.party.end.wasPassed(0x1234));
        const EndSurprise soFar = one.party.end.judgeSoFar(Scope, one.party.end.setOf(state).value(), 100);
        QCOMPARE(soFar.edits.size(), std::size_t{1});
        QCOMPARE(soFar.edits[0].step, named("failed"));
        QCOMPARE(soFar.edits[0].seen, 7U);
        QVERIFY(soFar.bits > soFar.enough(10.0));
    }

    void scoresAreRareByTheirOwnTail()
    {
        BitsTail tail;
        QCOMPARE(tail.rarity(50.0), 0.0); // too few to say
        std::mt19937 random(5);
        std::exponential_distribution<double> scores(0.5 * 0.6931471805599453); // half as steep as bits claim
        for (int i = 0; i < 20'000; ++i)
            tail.add(scores(random));
        for (const double bits : {2.0, 6.0, 20.0, 30.0}) {
            const double rarity = tail.rarity(bits);
            QVERIFY2(std::fabs(rarity - bits / 2) < 0.12 * bits, qPrintable(QStringLiteral("%1: %2").arg(bits)
                                                                                .arg(rarity)));
        }
        BitsTail flat; // scores that never vary are no licence to claim more than a bit a bit
        for (int i = 0; i < 1000; ++i)
            flat.add(0.1);
        QVERIFY(flat.rarity(5.0) <= 5.0 + 1e-9);
    }

    void statesAreReadBackAndGoOnAlike()
    {
        Alone one;
        std::mt19937 random(7);
        const auto teach = [&](Party &party, unsigned seed, int cases) {
            std::mt19937 own(seed);
            const char *names[] = {"a", "b", "c", "d"};
            for (int i = 0; i < cases; ++i) {
                std::vector<const char *> steps;
                for (auto n = own() % 6 + 1; n > 0; --n)
                    steps.push_back(names[own() % 4]);
                party.learn(steps, static_cast<std::int64_t>(own() % 1000) * NsPerMs);
            }
        };
        teach(one.party, 1, 200);
        Alone two;
        const std::string bytes = one.party.state();
        StateReader in(bytes);
        QVERIFY(two.party.step.delta().load(in));
        QVERIFY(two.party.gap.delta().load(in));
        QVERIFY(two.party.end.delta().load(in));
        QVERIFY(in.atEnd());
        teach(one.party, 2, 200);
        teach(two.party, 2, 200);
        QVERIFY(one.party.state() == two.party.state());
        // Damage is an error, never a crash.
        for (int i = 0; i < 400; ++i) {
            std::string damaged = bytes;
            damaged[random() % damaged.size()] = static_cast<char>(random());
            damaged.resize(damaged.size() - random() % 3);
            StateReader bad(damaged);
            Alone three;
            if (three.party.step.delta().load(bad) && three.party.gap.delta().load(bad))
                (void)three.party.end.delta().load(bad);
            three.party.learn(Order);
        }
    }

    void hostileStreamsStayWithinTheirBounds()
    {
        NextStepLearned steps(64);
        GapLearned gaps(64);
        EndLearned ends(2, 64);
        NextStepModel step(steps, 256);
        EndModel end(ends, 2, 256);
        CaseState state;
        StepPrediction prediction;
        for (std::uint32_t i = 1; i < 5000; ++i) { // a new step each time, one endless case
            const StepContexts contexts = stepContextsOf(Scope, state);
            step.predict(contexts, prediction);
            step.learn(contexts, prediction, i * 2654435761U | 1U, i);
            const std::uint64_t before = state.shape;
            state.take(Scope, i * 2654435761U | 1U, WallNs{raw(Start) - i});
            end.grow(before, state, i);
        }
        QVERIFY(step.delta().contexts.size() <= 256);
        QCOMPARE(state.shape, std::uint64_t{0});
        QVERIFY(!end.setOf(state));
        steps.merge(std::array<const NextStepLearned *, 1>{&step.delta()});
        QVERIFY(steps.contexts.size() <= 64);
    }
};

EVENTOPS_TEST(TestCaseModels)
#include "tst_case_models.moc"
