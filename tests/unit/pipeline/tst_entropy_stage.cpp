// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/base/limits.h"
#include "core/entropy/case_state.h"
#include "pipelines/components.h"
#include "tests/unit/pipeline/hand_batch.h"

#include <algorithm>
#include <cmath>

using namespace eventops;
using eventops::test::HandBatch;
using eventops::test::stageSettings;

namespace {

const StageSpec &entropySpec()
{
    const Registry registry{builtinStages(), {}};
    return *registry.stage("entropy");
}

struct Collector final : Emitter {
    std::vector<std::pair<Seq, Finding>> findings;
    const Batch *batch = nullptr;
    void emit(std::uint32_t event, Finding finding) override
    {
        findings.emplace_back(batch->records[batch->events[event].record].seq, std::move(finding));
    }
};

/// Runs a stage as the runner does: by partition, merging at every epoch, findings in input order.
struct Engine {
    std::unique_ptr<KeyedOperator> shared;
    std::vector<std::unique_ptr<KeyedStage>> partitions;
    WallNs newest = NoTime;

    explicit Engine(const Value &settings)
    {
        auto made = entropySpec().makeKeyed(settings);
        shared = std::move(made).value();
        for (unsigned p = 0; p < PartitionCount; ++p)
            partitions.push_back(shared->makePartition(p));
    }

    std::vector<Finding> run(const Batch &batch, std::size_t callEvents, std::size_t epochEvents)
    {
        Collector collector;
        collector.batch = &batch;
        std::vector<WallNs> marks;
        for (const Event &event : batch.events)
            marks.push_back(newest = std::max(newest, event.tsEvent));
        for (std::size_t begin = 0; begin < batch.events.size();) {
            const std::size_t epochEnd = (begin / epochEvents + 1) * epochEvents;
            const std::size_t end = std::min({begin + callEvents, epochEnd, batch.events.size()});
            for (unsigned p = 0; p < PartitionCount; ++p) {
                std::vector<std::uint32_t> mine;
                for (std::size_t i = begin; i < end; ++i) {
                    if (batch.events[i].entityKey % PartitionCount == p)
                        mine.push_back(static_cast<std::uint32_t>(i));
                }
                const TimeProgress time(static_cast<std::uint32_t>(begin),
                                        std::span(marks).subspan(begin, end - begin));
                partitions[p]->process(batch, mine, time, collector);
            }
            begin = end;
            if (begin == epochEnd)
                shared->mergeEpoch(partitions);
        }
        std::stable_sort(collector.findings.begin(), collector.findings.end(),
                         [](const auto &a, const auto &b) { return a.first < b.first; });
        std::vector<Finding> all;
        for (auto &[seq, finding] : collector.findings)
            all.push_back(std::move(finding));
        return all;
    }

    std::string state() const
    {
        StateWriter out;
        shared->save(out);
        for (const auto &partition : partitions)
            partition->save(out);
        return out.take();
    }
};

double wave(int i)
{
    return 34.0 + (i * 7 % 5) - 2.0 + 0.5 * (i % 3);
}

/// 200 orders of four steps each, interleaved; the last one ships without being packed.
HandBatch orders(bool skipAtEnd, std::int64_t lastGap)
{
    HandBatch hand;
    for (int i = 0; i < 200; ++i) {
        const std::string id = "o-" + std::to_string(i);
        const std::int64_t t = i * 1000;
        hand.addStep("order", id, "created", t);
        hand.addStep("order", id, "confirmed", t + 60 + i % 9);
        hand.addStep("order", id, "packed", t + 300 + i % 40);
        hand.addStep("order", id, "shipped", t + 900 + i % 50);
    }
    hand.addStep("order", "o-last", "created", 300'000);
    hand.addStep("order", "o-last", "confirmed", 300'000 + lastGap);
    if (!skipAtEnd)
        hand.addStep("order", "o-last", "packed", 300'300 + lastGap);
    hand.addStep("order", "o-last", "shipped", 300'910 + lastGap);
    return hand;
}

double sumOfTerms(const Finding &finding)
{
    double sum = 0.0;
    for (const BitsTerm &term : finding.terms)
        sum += term.bits;
    return sum;
}

} // namespace

class TestEntropyStage : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void reportsAValueOutOfBand()
    {
        HandBatch hand;
        for (int i = 0; i < 212; ++i)
            hand.addMetric("host-a", "cpu_load", wave(i), i * 15);
        hand.addMetric("host-a", "cpu_load", 97.0, 212 * 15);
        Engine engine(stageSettings(entropySpec()));
        const auto findings = engine.run(hand.batch, 8192, 8192);
        QCOMPARE(findings.size(), std::size_t{1});
        const Finding &finding = findings.front();
        QVERIFY(finding.origin == FindingOrigin::Entropy);
        QCOMPARE(finding.name, std::string("value_surprise"));
        QCOMPARE(finding.entityId, std::string("host-a"));
        QCOMPARE(finding.value, 97.0);
        QCOMPARE(finding.terms.size(), std::size_t{1});
        QCOMPARE(finding.terms.front().samples, std::uint64_t{212});
        QCOMPARE(finding.terms.front().observed, std::string("97"));
        QCOMPARE(finding.terms.front().context, std::string("Host:host-a cpu_load"));
        QCOMPARE(finding.bits, sumOfTerms(finding));
        QVERIFY(finding.bits >= 16.0);
        QCOMPARE(finding.severity, Severity::Critical);
        const QString message = QString::fromStdString(finding.message);
        QVERIFY2(message.startsWith(QLatin1String("cpu_load of host-a is 97 percent; expected 3")),
            finding.message.c_str());
        QVERIFY2(message.endsWith(QLatin1String("212 samples)")), finding.message.c_str());
    }

    void saysNothingWhileLearning()
    {
        HandBatch hand;
        for (int i = 0; i < 20; ++i)
            hand.addMetric("host-a", "cpu_load", i == 19 ? 97.0 : wave(i), i * 15);
        Engine engine(stageSettings(entropySpec()));
        QVERIFY(engine.run(hand.batch, 8192, 8192).empty());
    }

    void reportsASkippedStep()
    {
        HandBatch hand = orders(true, 64);
        Engine engine(stageSettings(entropySpec(), {{"bits_min", Value::scalar("7")}}));
        const auto findings = engine.run(hand.batch, 8192, 100);
        QCOMPARE(findings.size(), std::size_t{1});
        const Finding &finding = findings.front();
        QVERIFY2(finding.name == "sequence_surprise", finding.message.c_str());
        QCOMPARE(finding.step, std::string("shipped"));
        QCOMPARE(finding.bits, sumOfTerms(finding));
        QCOMPARE(finding.terms.front().name, std::string("transition"));
        QCOMPARE(finding.terms.front().context, std::string("after confirmed, by steps before"));
        QCOMPARE(finding.terms.front().observed, std::string("shipped (0 of 200)"));
        QVERIFY2(finding.terms.front().expected.starts_with("packed (100 %, 200 of 200)"),
                 finding.terms.front().expected.c_str());
        // One term for each chain of contexts, one for what they share, and the time.
        QCOMPARE(finding.terms.size(), std::size_t{StepContexts::ChainsMax + 2});
    }

    void reportsALateStep()
    {
        HandBatch hand = orders(false, 86'400);
        Engine engine(stageSettings(entropySpec()));
        const auto findings = engine.run(hand.batch, 8192, 100);
        QCOMPARE(findings.size(), std::size_t{1});
        const Finding &finding = findings.front();
        QCOMPARE(finding.name, std::string("timing_surprise"));
        QCOMPARE(finding.step, std::string("confirmed"));
        QCOMPARE(finding.bits, sumOfTerms(finding));
        QCOMPARE(finding.terms.back().observed, std::string("1d"));
        QVERIFY2(QString::fromStdString(finding.message).startsWith(
                     QLatin1String("confirmed of o-last came after 1d; expected p50 1m")), finding.message.c_str());
    }

    void reportsWhatDoesNotComeAndThatItCameAfterAll()
    {
        // A hundred and more orders are over when one stops short; other orders go on and so does time.
        HandBatch hand;
        const auto order = [&](const std::string &id, std::int64_t t) {
            hand.addStep("order", id, "created", t);
            hand.addStep("order", id, "packed", t + 300 + t % 40);
            hand.addStep("order", id, "shipped", t + 900 + t % 50);
        };
        for (int i = 0; i < 200; ++i)
            order("o-" + std::to_string(i), i * 1000);
        hand.addStep("order", "o-short", "created", 200'000);
        hand.addStep("order", "o-short", "shipped", 200'350);
        for (int i = 201; i < 210; ++i)
            order("o-" + std::to_string(i), i * 1000);
        const std::size_t silent = hand.batch.events.size();
        hand.addStep("order", "o-short", "packed", 211'000);
        order("o-211", 211'001);
        Engine engine(stageSettings(entropySpec(), {{"bits_min", Value::scalar("9")}}));
        const auto findings = engine.run(hand.batch, 8192, 100);
        std::vector<const Finding *> absences;
        for (const Finding &finding : findings) {
            if (finding.origin == FindingOrigin::Absence)
                absences.push_back(&finding);
        }
        QCOMPARE(absences.size(), std::size_t{2});
        const Finding &missing = *absences[0];
        QCOMPARE(missing.name, std::string("missing_step"));
        QCOMPARE(missing.step, std::string("packed"));
        QCOMPARE(missing.entityId, std::string("o-short"));
        QCOMPARE(missing.entityType, std::string("order"));
        QVERIFY(missing.state == FindingState::Firing);
        QCOMPARE(missing.bits, sumOfTerms(missing));
        QCOMPARE(missing.terms.front().name, std::string("missing_step"));
        QCOMPARE(missing.terms.back().name, std::string("silence"));
        QVERIFY2(QString::fromStdString(missing.message).contains(QStringLiteral(
                     "after shipped; packed is missing (expected 1×, saw 0×)")), missing.message.c_str());
        QVERIFY(raw(missing.ts) < raw(hand.batch.events[silent].tsEvent));
        QVERIFY(absences[1]->state == FindingState::Resolved);
        QCOMPARE(absences[1]->entityId, std::string("o-short"));
        QVERIFY2(QString::fromStdString(absences[1]->message).startsWith(QLatin1String("o-short went on with packed")),
                 absences[1]->message.c_str());
    }

    void reportsStepsTooMany()
    {
        HandBatch hand;
        for (int i = 0; i < 300; ++i) {
            const std::string id = "o-" + std::to_string(i);
            hand.addStep("order", id, "created", i * 100);
            for (int n = 0; n < (i == 299 ? 9 : i % 3); ++n)
                hand.addStep("order", id, "retried", i * 100 + 5 + n);
            hand.addStep("order", id, "paid", i * 100 + 40);
        }
        Engine engine(stageSettings(entropySpec()));
        const auto findings = engine.run(hand.batch, 8192, 100);
        const auto found = std::find_if(findings.begin(), findings.end(), [](const Finding &finding) {
            return finding.entityId == "o-299" && finding.name == "extra_step";
        });
        QVERIFY(found != findings.end());
        QVERIFY2(QString::fromStdString(found->message).startsWith(QStringLiteral("retried is too many (expected 2×")),
                 found->message.c_str());
        QVERIFY(std::fabs(found->bits - sumOfTerms(*found)) < 1e-9);
    }

    void batchBoundariesNeverShow()
    {
        HandBatch hand = orders(true, 86'400);
        hand.addStep("order", "o-open", "created", 400'000);
        hand.addStep("order", "o-open", "shipped", 400'100);
        for (int i = 0; i < 300; ++i)
            hand.addMetric("host-" + std::to_string(i % 3), "cpu_load", i > 290 ? 99.0 : wave(i), 400'000 + i * 100);
        const Value settings = stageSettings(entropySpec(), {{"bits_min", Value::scalar("7")}});
        Engine whole(settings);
        Engine pieces(settings);
        const auto a = whole.run(hand.batch, 100'000, 128);
        const auto b = pieces.run(hand.batch, 17, 128);
        QVERIFY(a.size() >= 5);
        QVERIFY(std::any_of(a.begin(), a.end(), [](const Finding &f) { return f.origin == FindingOrigin::Absence; }));
        QCOMPARE(b.size(), a.size());
        for (std::size_t i = 0; i < a.size(); ++i) {
            QCOMPARE(b[i].message, a[i].message);
            QCOMPARE(b[i].bits, a[i].bits);
        }
        QCOMPARE(pieces.state(), whole.state());
    }

    void stateSurvivesExactly()
    {
        HandBatch hand = orders(true, 64);
        for (int i = 0; i < 100; ++i)
            hand.addMetric("host-a", "cpu_load", wave(i), i);
        const Value settings = stageSettings(entropySpec());
        Engine engine(settings);
        engine.run(hand.batch, 100, 128);
        const std::string state = engine.state();
        Engine restored(settings);
        StateReader in(state);
        QVERIFY(bool(restored.shared->load(in)));
        for (const auto &partition : restored.partitions)
            QVERIFY(bool(partition->load(in)));
        QVERIFY(bool(in.finish()));
        QCOMPARE(restored.state(), state);

        HandBatch more;
        more.nextSeq = hand.nextSeq;
        more.addMetric("host-a", "cpu_load", 97.0, 100);
        const auto a = engine.run(more.batch, 100, 128);
        const auto b = restored.run(more.batch, 100, 128);
        QCOMPARE(a.size(), std::size_t{1});
        QCOMPARE(b.size(), std::size_t{1});
        QCOMPARE(b.front().message, a.front().message);
    }

    void damagedStateIsRefused()
    {
        HandBatch hand = orders(false, 64);
        const Value settings = stageSettings(entropySpec());
        Engine engine(settings);
        engine.run(hand.batch, 8192, 100'000);
        StateWriter out;
        engine.partitions.front()->save(out);
        const std::string bytes = out.bytes();
        QVERIFY(bytes.size() > 100);
        Engine other(settings);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            StateReader in(std::string_view(bytes).substr(0, size));
            QVERIFY(!other.partitions.front()->load(in));
        }
    }

    void refusesSettingsOutOfRange()
    {
        const auto refused = [](std::string_view name, const char *text) {
            return !entropySpec().makeKeyed(stageSettings(entropySpec(), {{name, Value::scalar(text)}}));
        };
        QVERIFY(refused("bits_min", "0"));
        QVERIFY(refused("samples_min", "1"));
        QVERIFY(refused("series_max", "0"));
        QVERIFY(refused("transitions_max", "999999999999"));
        QVERIFY(refused("step_samples_min", "2001"));
        QVERIFY(refused("cases_min", "0"));
        QVERIFY(bool(entropySpec().makeKeyed(stageSettings(entropySpec()))));
    }
};

EVENTOPS_TEST(TestEntropyStage)
#include "tst_entropy_stage.moc"
