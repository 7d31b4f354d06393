// SPDX-License-Identifier: MIT
#include "core/config/pipeline_file.h"
#include "tests/support/test_main.h"

#include <QtCore/QFile>
#include <QtCore/QDir>
#include <QtCore/QTemporaryDir>

using namespace eventops;

namespace {

class NoMap final : public MapStage
{
    void process(Batch &, MapContext &) override {}
};
class NoKeyed final : public KeyedOperator
{
    std::unique_ptr<KeyedStage> makePartition(unsigned) override { return nullptr; }
};

Result<std::unique_ptr<MapStage>> makeMap(const Value &settings)
{
    if (const Value *rule = settings.at("table").find("bad"))
        return rule->error("this is bad");
    return std::unique_ptr<MapStage>(std::make_unique<NoMap>());
}
Result<std::unique_ptr<KeyedOperator>> makeKeyed(const Value &)
{
    return std::unique_ptr<KeyedOperator>(std::make_unique<NoKeyed>());
}
Result<std::unique_ptr<Source>> makeSource(const Value &, const SourceArguments &)
{
    return Error{Error::Code::Unavailable, "none"};
}

constexpr FieldSpec TableFields[] = {{"table", "yaml_file", "", "A table."}, {"count_max", "int", "5", "How many."}};
constexpr FieldSpec CheckFields[] = {{"files", "yaml_files", "[]", "Rules."},
                                     {"window", "duration", "5m", "How long."},
                                     {"mode", "enum:fast|slow", "fast", "How."},
                                     {"ratio", "float", "0.5", "How much."},
                                     {"on", "bool", "true", "Whether."},
                                     {"name", "string", "required", "The name to give."},
                                     {"more", "map", "{}", "Anything."}};
constexpr FieldSpec SourceFields[] = {{"format", "string", "auto", "Format."}};
const StageSpec LookUp{"look_up", "Looks up.", TableFields, {}, makeMap, nullptr, nullptr};
const StageSpec Check{"check", "Checks.", CheckFields, {}, nullptr, makeKeyed, nullptr};
const SourceSpec Capture{"capture", "Reads.", SourceFields, {}, makeSource};
const StageSpec *const Stages[] = {&Check, &LookUp};
const SourceSpec *const Sources[] = {&Capture};
const Registry TestRegistry{Stages, Sources};

std::string errorOf(std::string_view text)
{
    const auto result = parsePipeline(text, "p.yaml", TestRegistry);
    return result ? "no error: " + result.value().text : result.error().text();
}

void write(const QString &path, const char *text)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(text);
}

} // namespace

class TestPipelineFile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void fillsDefaults()
    {
        const auto spec = parsePipeline("pipeline: p\nsources: [capture]\nstages:\n  - look_up:\n"
                                        "  - check: {name: n}\n",
                                        "p.yaml", TestRegistry);
        QVERIFY2(spec, spec ? "" : spec.error().text().c_str());
        QCOMPARE(spec.value().text,
                 std::string(R"({"pipeline":"p","description":"","lateness":"0s",)"
                             R"("sources":[{"capture":{"format":"auto"}}],)"
                             R"("stages":[{"look_up":{"table":null,"count_max":5}},{"check":{"files":[],"window":"5m",)"
                             R"("mode":"fast","ratio":0.5,"on":true,"name":"n","more":{}}}],)"
                             R"("ledger":{"keep_raw":true},"executors":{}})"));
        QVERIFY(spec.value().keepRaw);
        QCOMPARE(spec.value().stages.size(), std::size_t{2});
    }

    void hashIgnoresWriting()
    {
        const auto a = parsePipeline("pipeline: p\nlateness: 300s\nstages:\n"
                                     "  - check: {name: n, ratio: 1, count: 5}\n", "a",
                                     TestRegistry);
        QVERIFY(!a);
        const auto b = parsePipeline("# c\nstages:\n- check:\n    ratio:   1.0\n    name: 'n'\nlateness: 5m\n"
                                     "pipeline: \"p\"\n",
                                     "dir/b", TestRegistry);
        const auto c = parsePipeline("pipeline: p\nlateness: 300s\nstages:\n"
                                     "  - check: {name: n, ratio: 1, window: 300s}\n",
                                     "c", TestRegistry);
        QVERIFY(b);
        QVERIFY(c);
        QCOMPARE(b.value().hash, c.value().hash);
        QCOMPARE(b.value().hash.size(), std::size_t{64});
        const auto d = parsePipeline("pipeline: p\nlateness: 5m\nstages:\n  - check: {name: n, ratio: 1.5}\n", "d",
                                     TestRegistry);
        QVERIFY(d);
        QVERIFY(d.value().hash != b.value().hash);
    }

    void textLoadsToTheSameHash()
    {
        QTemporaryDir dir;
        write(dir.filePath(QStringLiteral("t.yaml")), "host-a: {env: prod, n: '5'}\n");
        write(dir.filePath(QStringLiteral("r.yaml")), "- {a: 1}\n");
        write(dir.filePath(QStringLiteral("p.yaml")),
              "pipeline: p\nstages:\n  - look_up: {table: t.yaml}\n  - check: {name: '80', files: [r.yaml, r.yaml]}\n");
        const auto spec = loadPipeline(dir.filePath(QStringLiteral("p.yaml")).toStdString(), TestRegistry);
        QVERIFY2(spec, spec ? "" : spec.error().text().c_str());
        QVERIFY(spec.value().text.find(R"("table":{"host-a":{"env":"prod","n":"5"}})") != std::string::npos);
        const auto again = parsePipeline(spec.value().text, "elsewhere", TestRegistry);
        QVERIFY2(again, again ? "" : again.error().text().c_str());
        QCOMPARE(again.value().text, spec.value().text);
        QCOMPARE(again.value().hash, spec.value().hash);
    }

    void filesComeFromTheDataDirectoryToo()
    {
        QTemporaryDir dir;
        QVERIFY(QDir(dir.path()).mkpath(QStringLiteral("data/cmdb")));
        write(dir.filePath(QStringLiteral("data/cmdb/t.csv")), "id,env\nhost-a,prod\n");
        const std::string data = dir.filePath(QStringLiteral("data")).toStdString();
        const std::string text = "pipeline: p\nstages:\n  - look_up: {table: ../cmdb/t.csv}\n";
        const auto spec = parsePipeline(text, "/nonexistent/p.yaml", TestRegistry, data);
        QVERIFY2(spec, spec ? "" : spec.error().text().c_str());
        QVERIFY(spec.value().text.find(R"("table":{"host-a":{"env":"prod"}})") != std::string::npos);
        QCOMPARE(parsePipeline(text, "/nonexistent/p.yaml", TestRegistry).error().text(),
                 std::string("/nonexistent/p.yaml:3:22: there is no file \"../cmdb/t.csv\" (looked in /nonexistent/)"));
    }

    void errorsInFilesNameThem()
    {
        QTemporaryDir dir;
        write(dir.filePath(QStringLiteral("t.yaml")), "ok: {}\nbad: 1\n");
        const std::string name = dir.filePath(QStringLiteral("p.yaml")).toStdString();
        const auto result = parsePipeline("pipeline: p\nstages:\n  - look_up: {table: t.yaml}\n", name, TestRegistry);
        QVERIFY(!result);
        QCOMPARE(result.error().text(), dir.filePath(QStringLiteral("t.yaml")).toStdString() + ":2:6: this is bad");
    }

    void errorsNameThePlace_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("error");
        const auto row = [](const char *name, const char *text, const char *error) {
            QTest::newRow(name) << QByteArray(text) << QByteArray(error);
        };
        row("unknown field", "pipeline: p\nlatenes: 5s\n",
            "p.yaml:2:1: unknown field \"latenes\" in the pipeline (did you mean \"lateness\"? known fields: pipeline, "
            "description, lateness, sources, stages, ledger, retention, executors, sinks)");
        row("unknown stage field", "pipeline: p\nstages:\n  - check:\n      name: x\n      widnow: 5s\n",
            "p.yaml:5:7: unknown field \"widnow\" in stage \"check\" (did you mean \"window\"? known fields: files, "
            "window, "
            "mode, ratio, on, name, more)");
        row("retention time", "pipeline: p\nretention: {raw: 0s}\n",
            "p.yaml:2:18: field \"raw\": 0s is out of range (use 1s to 36500d)");
        row("retention field", "pipeline: p\nretention: {rwa: 3d}\n",
            "p.yaml:2:13: unknown field \"rwa\" in \"retention\" (did you mean \"raw\"? known fields: raw, signals, "
            "alerts, sources, tenants)");
        row("retention tenant", "pipeline: p\nretention: {tenants: {acme: 5}}\n",
            "p.yaml:2:29: tenant \"acme\" of \"retention\": expected a map of times (write `acme: {signals: 7d}`)");
        row("retention source", "pipeline: p\nretention: {sources: maybe}\n",
            "p.yaml:2:22: field \"sources\" of \"retention\": expected one of own, capture, signals, alerts, found "
            "\"maybe\" (What the pipeline's sources count as; own: each says so)");
        row("far name", "pipeline: p\nledger: {zzzzz: 1}\n",
            "p.yaml:2:10: unknown field \"zzzzz\" in \"ledger\" (known fields: keep_raw)");
        row("type", "pipeline: p\nstages:\n  - look_up: {count_max: many}\n",
            "p.yaml:3:26: field \"count_max\" of stage \"look_up\": expected a whole number, found \"many\" (How "
            "many)");
        row("duration", "pipeline: p\nlateness: 5\n",
            "p.yaml:2:11: field \"lateness\" of the pipeline: expected a duration such as 500ms, 90s, 5m, 2h or 7d, "
            "found \"5\" (How far the watermark stays behind the newest event time)");
        row("enum", "pipeline: p\nstages:\n  - check: {name: n, mode: quick}\n",
            "p.yaml:3:28: field \"mode\" of stage \"check\": expected one of fast, slow, found \"quick\" (How)");
        row("nothing", "pipeline: p\nstages:\n  - check: {name: n, ratio: }\n",
            "p.yaml:3:22: field \"ratio\" of stage \"check\": expected a number, found nothing (leave the field out "
            "for its "
            "default 0.5)");
        row("required", "pipeline: p\nstages:\n  - check: {}\n",
            "p.yaml:3:5: stage \"check\" lacks the field \"name\" (The name to give)");
        row("empty", "",
            "p.yaml:1:1: the pipeline lacks the field \"pipeline\" (The pipeline's name: pipeline: host-metrics)");
        row("unknown stage", "pipeline: p\nstages:\n  - chekc: {}\n",
            "p.yaml:3:5: there is no stage \"chekc\" (did you mean \"check\"? known stages: check, look_up)");
        row("unknown source", "pipeline: p\nsources:\n  - kafak\n",
            "p.yaml:3:5: there is no source \"kafak\" (known sources: capture)");
        row("order", "pipeline: p\nstages:\n  - check: {name: n}\n  - look_up: {}\n",
            "p.yaml:4:5: stage \"look_up\" stands after \"check\" (move it up: \"look_up\" looks at each event alone, "
            "\"check\" keeps state for each entity)");
        row("entry", "pipeline: p\nstages:\n  - check: {name: n}\n    other: 1\n",
            "p.yaml:3:5: an entry of \"stages\" must be one name and its settings (write `- name: {field: value}`, "
            "indented below the name when on lines of their own)");
        row("list", "pipeline: p\nstages: {check: {}}\n",
            "p.yaml:2:1: field \"stages\" of the pipeline: expected a list, found a map (What is done with them: a "
            "list of "
            "`- name: {settings}`)");
        row("executor", "pipeline: p\nexecutors: {demo: 1}\n",
            "p.yaml:2:19: settings of executor \"demo\" must be a map (write `demo: {}`)");
    }
    void errorsNameThePlace()
    {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, error);
        QCOMPARE(QByteArray::fromStdString(errorOf(text.toStdString())), error);
    }
};

EVENTOPS_TEST(TestPipelineFile)
#include "tst_pipeline_file.moc"
