// SPDX-License-Identifier: MIT
//
// A broken expectation on the wire: valid, the same in every replay, in both forms, and silent when it comes back.
#include "tests/unit/codec/codec_fixture.h"
#include "tests/support/json_schema.h"
#include "tests/support/test_main.h"

#include "core/codec/deviation.h"
#include "core/model/expected_step.h"

using namespace eventops;
using namespace eventops::test;

namespace {

Finding stepFinding()
{
    Finding finding;
    finding.id = "0123456789abcdef0123456789abcdef";
    finding.origin = FindingOrigin::Entropy;
    finding.severity = Severity::Critical;
    finding.ts = WallNs{1'761'040'800 * NsPerSecond};
    finding.tenant = "acme";
    finding.entityType = "job";
    finding.entityId = "job:1";
    finding.name = "sequence_surprise";
    finding.step = "cancelled";
    finding.message = "cancelled of job:1 came after created";
    finding.tags = "{\"env\":\"prod\",\"tenant\":\"other\"}";
    finding.bits = 10.5;
    finding.terms = {{"transition", 10.25, "after created", "cancelled (0 of 50)",
                      "confirmed (50 %, 25 of 50), failed, hard (x) (25 %)", 50},
                     {"timing", 0.25, "created to cancelled", "2s", "p50 1s, p95 3s", 50}};
    finding.evidence = "[\"e1\"]";
    return finding;
}

} // namespace

class TestDeviation : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void alternativesAreReadFromTheTerms()
    {
        const auto steps = expectedSteps(stepFinding());
        QCOMPARE(steps.size(), std::size_t{2});
        QCOMPARE(steps[0].step, std::string("confirmed"));
        QCOMPARE(steps[0].probability, 0.5);
        QCOMPARE(steps[0].count, std::uint64_t{25});
        QCOMPARE(steps[0].samples, std::uint64_t{50});
        QCOMPARE(steps[1].step, std::string("failed, hard (x)"));
        QCOMPARE(steps[1].probability, 0.25);
        QCOMPARE(steps[1].samples, std::uint64_t{0});
        QCOMPARE(expectedBits(steps), 1.0); // ½ · 1 bit + ¼ · 2 bits
        Finding value;
        value.terms = {{"value", 12.0, "host:a cpu", "97", "34.1 ± 2.2, at most 41 (was 90 %", 50}};
        QVERIFY(expectedSteps(value).empty());
    }

    void theEnvelopeIsValidInBothForms()
    {
        const JsonSchema schema(QStringLiteral("envelope"));
        QCOMPARE(schema.error(), QString());
        const Finding finding = stepFinding();
        const std::string compliant = encodeDeviation(finding).value();
        QCOMPARE(schema.check(QByteArray::fromStdString(compliant)), QString());
        QVERIFY(compliant.starts_with("{\"ts\":\"2025-10-21T10:00:00Z\",\"event_type\":\"entropy.deviation\","
                                      "\"entity_id\":\"job:1\""));
        QVERIFY(compliant.find("\"tags\":{\"env\":\"prod\",\"tenant\":\"acme\"}") != std::string::npos);
        QVERIFY(compliant.find("\"attrs\":{\"step\":\"cancelled\",\"entropy\":10.5,\"baseline_entropy\":1,"
                               "\"bits\":10.5") != std::string::npos);
        QVERIFY(compliant.ends_with("\"idempotency_key\":\"deviation:0123456789abcdef0123456789abcdef\","
                                    "\"source\":{\"system\":\"eventops\"}}"));
        QCOMPARE(encodeDeviation(finding).value(), compliant);
        const std::string legacy = encodeDeviation(finding, {true}).value();
        QCOMPARE(schema.check(QByteArray::fromStdString(legacy)), QString());
        QCOMPARE(legacy, compliant.substr(0, compliant.size() - 1)
                             + ",\"step\":\"cancelled\",\"entropy\":10.5,\"baseline_entropy\":1}");
    }

    void bothFormsComeBack()
    {
        const std::string compliant = encodeDeviation(stepFinding()).value();
        const std::string legacy = encodeDeviation(stepFinding(), {true}).value();
        const auto mirroring = makeCodec("karma.v1", Value::map({{"legacy_top_level", scalar("true")}}));
        for (const std::string &line : {compliant, legacy}) {
            for (const char *codec : {"auto", "karma.v1"}) {
                const Decoded in = decodeOne(codec, line);
                LossReport loss;
                QCOMPARE(codecByName("karma.v1")->encode(in.batch, in.event(), loss).value(), compliant);
                QCOMPARE(mirroring.value()->encode(in.batch, in.event(), loss).value(), legacy);
            }
        }
    }

    void ownDeviationsAreNeitherStepsNorMeasurements()
    {
        Finding finding = stepFinding();
        finding.metric = "cpu_load";
        finding.hasValue = true;
        finding.value = 97.0;
        const Decoded own = decodeOne("auto", encodeDeviation(finding, {true}).value());
        QCOMPARE(own.text(Field::Step), std::string("<absent>"));
        QCOMPARE(own.text(Field::Metric), std::string("<absent>"));
        QVERIFY(!own.event().hasValue);
        QCOMPARE(own.text(Field::Message), finding.message);
        QCOMPARE(own.event().severity, Severity::Critical);
    }

    void oddFindingsStayValid()
    {
        const JsonSchema schema(QStringLiteral("envelope"));
        Finding finding;
        QVERIFY(!encodeDeviation(finding)); // no time
        finding.ts = WallNs{0};
        finding.tags = "[1]";
        finding.evidence = "{";
        finding.message = "\xff\x01\"";
        const auto line = encodeDeviation(finding);
        QVERIFY(bool(line));
        QCOMPARE(schema.check(QByteArray::fromStdString(line.value())), QString());
    }
};

EVENTOPS_TEST(TestDeviation)
#include "tst_deviation.moc"
