// SPDX-License-Identifier: MIT
//
// What is wrong inside rules, mappings and tables is reported with its place when the pipeline is loaded.
#include "core/config/pipeline_file.h"
#include "core/yaml/yaml.h"
#include "pipelines/components.h"
#include "tests/support/test_main.h"

#include <QtCore/QDir>

using namespace eventops;

namespace {

std::string errorOf(const std::string &stages)
{
    const Registry registry{builtinStages(), builtinSources()};
    const auto spec = parsePipeline("pipeline: p\nstages:\n" + stages, "p.yaml", registry);
    return spec ? "no error" : spec.error().text();
}

} // namespace

class TestStageSettings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void errorsNameThePlace_data()
    {
        QTest::addColumn<QByteArray>("stages");
        QTest::addColumn<QByteArray>("error");
        const auto row = [](const char *name, const char *stages, const char *error) {
            QTest::newRow(name) << QByteArray(stages) << QByteArray(error);
        };
        row("rule field", "  - rules:\n      rules:\n        - metric: a\n          warn: 5\n",
            "p.yaml:6:11: unknown field \"warn\" in a rule (known fields: name, description, metric, op, info, "
            "notice, warning, "
            "error, critical, severity, when, window, feature, for, hysteresis, states, message)");
        row("rule threshold", "  - rules: {rules: [{metric: a, warning: lots}]}\n",
            "p.yaml:3:42: field \"warning\" of a rule: expected a number, found \"lots\" (Threshold of this severity)");
        row("rule order", "  - rules: {rules: [{metric: a, warning: 90, critical: 80}]}\n",
            "p.yaml:3:56: the critical threshold is reached before the warning one (swap them, or turn `op` around)");
        row("no threshold", "  - rules: {rules: [{metric: a}]}\n",
            "p.yaml:3:21: rule \"a_threshold\" has no threshold (add `warning: 80` or another severity)");
        row("no metric", "  - rules: {rules: [{name: a}]}\n",
            "p.yaml:3:21: a rule needs a metric or a condition (add `metric: name` or `when: expression`)");
        row("two rules", "  - rules: {rules: [{metric: a, warning: 1}, {metric: a, critical: 2}]}\n",
            "p.yaml:3:46: there are two rules \"a_threshold\" (give one of them another `name`)");
        row("message", "  - rules: {rules: [{metric: a, warning: 1, message: '{valeu}'}]}\n",
            "p.yaml:3:54: a message has no place for {valeu} (did you mean \"value\"? known places: metric, value, "
            "severity, "
            "threshold, unit, source_id, entity_id, type, message, feature, window, count)");
        row("feature without window", "  - rules: {rules: [{metric: a, warning: 1, feature: p95}]}\n",
            "p.yaml:3:54: a feature needs a window (give its length: `window: 5m`)");
        row("unknown feature", "  - rules: {rules: [{metric: a, window: 5m, feature: p99}]}\n",
            "p.yaml:3:54: field \"feature\" of a rule: expected one of none, count, p50, p95, avg, stddev, "
            "found \"p99\" (Which feature of the window is compared with the thresholds; none: it is only computed and "
            "stored)");
        row("window too short", "  - rules: {rules: [{metric: a, window: 5ms}]}\n",
            "p.yaml:3:41: a window lasts from 1s to 31d (write it as `window: 5m`)");
        row("threshold without feature", "  - rules: {rules: [{metric: a, window: 5m, warning: 1}]}\n",
            "p.yaml:3:54: a threshold of a rule with a window needs a feature (name one: `feature: p95`)");
        row("feature of nothing", "  - rules: {rules: [{name: a, when: 'type = b', window: 5m, feature: avg}]}\n",
            "p.yaml:3:70: without a metric events can only be counted (write `feature: count`, or name a metric)");
        row("count without window", "  - rules: {rules: [{metric: a, warning: 1, message: '{count}'}]}\n",
            "p.yaml:3:54: only a rule with a window has {feature}, {window} and {count} (give it one: `window: 5m`)");
        row("type of a window",
            "  - rules: {rules: [{metric: a, window: 5m, feature: p50, warning: 1, message: '{type}'}]}\n",
            "p.yaml:3:80: a window of many events has no {type} and no {message} (leave them out)");
        row("computed only", "  - rules: {rules: [{metric: a, window: 5m, for: 5m}]}\n",
            "p.yaml:3:21: `for` and `states` need a feature: what is only computed is never breached");
        row("windows", "  - rules: {windows_max: 1}\n", "p.yaml:3:26: windows_max must lie between 64 and 100000000");
        row("function", "  - normalize: {mappings: [{attrs: [{a: '$equ(b)'}]}]}\n",
            "p.yaml:3:41: expression \"$equ(b)\": there is no function $equ at character 1 (did you mean \"eq\"? known "
            "functions: eq, exists, gt, secondsDiff)");
        row("expression", "  - normalize: {mappings: [{attrs: [{a: '$eq(b'}]}]}\n",
            "p.yaml:3:41: expression \"$eq(b\": expected \",\" at character 6");
        row("mapping field", "  - normalize:\n      mappings:\n        - {entty: {}}\n",
            "p.yaml:5:12: unknown field \"entty\" in a mapping (did you mean \"entity\"? known fields: match, "
            "event_type_override, tags, attrs, pii, drops, entity, source, type, step, tenant, ts, severity, "
            "message, event_id, "
            "correlation_id, causation_id, trace_id, span_id, idempotency_key, metric, value, unit)");
        row("nameless", "  - normalize: {mappings: [{tags: ['$exists(a)']}]}\n",
            "p.yaml:3:36: an expression needs a name (write `- name: expression`)");
        row("cmdb", "  - enrich: {cmdb: {host-a: prod}}\n",
            "p.yaml:3:29: tags of \"host-a\" must be a map (write `host-a: {env: prod}`)");
        row("keys", "  - rules: {keys_max: 1}\n", "p.yaml:3:23: keys_max must lie between 64 and 100000000");
    }
    void errorsNameThePlace()
    {
        QFETCH(QByteArray, stages);
        QFETCH(QByteArray, error);
        QCOMPARE(QByteArray::fromStdString(errorOf(stages.toStdString())), error);
    }

    void aBadConditionIsRefused()
    {
        const std::string error = errorOf("  - rules: {rules: [{name: a, when: 'severity >='}]}\n");
        QVERIFY2(error.starts_with("p.yaml:3:37: condition of rule \"a\": "), error.c_str());
    }

    /// Every function takes its expressions apart without reading past their ends.
    void oddExpressionsEnd()
    {
        for (const char *text :
             {"$", "$(", "$eq", "$eq(", "$eq()", "$eq(,)", "$eq(a,)", "$eq(a,b))", "$eq(a,b)x", "'", "'a", "''",
                                 "{", "}", "{}", "{a", "a{", "$exists($exists($exists(a)))", "$gt(a b, c)", " ", ","}) {
            std::string yaml = "  - normalize: {mappings: [{attrs: [{a: \"";
            yaml += text;
            yaml += "\"}]}]}\n";
            QVERIFY(!errorOf(yaml).empty());
        }
        std::string deep = "a";
        for (int i = 0; i < 20; ++i)
            deep = "$exists(" + deep + ')';
        QVERIFY(errorOf("  - normalize: {mappings: [{attrs: [{a: '" + deep + "'}]}]}\n").find("nested deeper") !=
                std::string::npos);
    }

    /// The rule, mapping and CMDB files that are shipped can be read by their stages.
    void shippedFilesLoad()
    {
        const QDir root(QStringLiteral(EVENTOPS_SOURCE_DIR "/pipelines"));
        int files = 0;
        for (const QString &name : QDir(root.filePath(QStringLiteral("rules"))).entryList({QStringLiteral("*.yaml")})) {
            const std::string path = root.filePath(QStringLiteral("rules/") + name).toStdString();
            QCOMPARE(errorOf("  - rules: {files: ['" + path + "']}\n"), std::string("no error"));
            ++files;
        }
        for (const QString &name : QDir(root.filePath(QStringLiteral("cmdb"))).entryList(QDir::Files)) {
            const std::string path = root.filePath(QStringLiteral("cmdb/") + name).toStdString();
            QCOMPARE(errorOf("  - enrich: {cmdb: '" + path + "'}\n"), std::string("no error"));
            ++files;
        }
        QVERIFY(files >= 2);
    }
};

EVENTOPS_TEST(TestStageSettings)
#include "tst_stage_settings.moc"
