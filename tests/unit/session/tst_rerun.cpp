// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/session/golden_case.h"
#include "tests/support/local_workspace.h"

#include <QtCore/QDir>
#include <QtCore/QTemporaryDir>

#include <fstream>
#include <sstream>

using namespace eventops;
using eventops::test::LocalWorkspace;

namespace {

const Caller Tester{"tester", Role::Admin, {}};

const char *const Rules = "rules:\n"
                          "  - metric: cpu_load\n"
                          "    warning: 80\n"
                          "    critical: 90\n";

std::string pipelineText(const std::string &stages)
{
    return "pipeline: watch\n"
           "sources:\n"
           "  - capture: {format: auto}\n"
           "stages:\n" + stages;
}

/// A workspace, a folder for files, and the calls of a back end as plain functions.
class Bench
{
public:
    Bench() : m_backend(m_workspace.backend()) {}

    std::string path(const std::string &name) const
    {
        return m_folder.filePath(QString::fromStdString(name)).toStdString();
    }
    std::string write(const std::string &name, const std::string &text) const
    {
        std::ofstream(path(name), std::ios::binary) << text;
        return path(name);
    }
    std::string read(const std::string &name) const
    {
        std::ifstream in(path(name), std::ios::binary);
        std::ostringstream out;
        out << in.rdbuf();
        return out.str();
    }

    /// Loads of one host, one a minute, beside those of another that never matter.
    std::string loads(const std::vector<double> &values) const
    {
        std::string text;
        for (std::size_t i = 0; i < values.size(); ++i) {
            for (const char *host : {"host-a", "host-b"}) {
                std::ostringstream line;
                line << R"({"tenant_id":"acme","host":")" << host << R"(","metric":"cpu_load","value":)"
                     << (host[5] == 'a' ? values[i] : 10.0) << R"(,"ts_event":"2025-10-16T09:)" << (i < 10 ? "0" : "")
                     << i << R"(:00Z","unit":"percent","tags":{"env":"prod"}})" << '\n';
                text += line.str();
            }
        }
        return write("loads.ndjson", text);
    }

    Result<WorkspaceSummary> replay(const std::string &capture, const std::string &pipeline)
    {
        ReplayRequest request;
        request.files = {capture};
        request.pipelineName = path("pipeline.yaml");
        request.pipelineText = pipeline;
        std::promise<Result<WorkspaceSummary>> promise;
        m_backend->replay(Tester, request, {}, [&](Result<WorkspaceSummary> r) { promise.set_value(std::move(r)); });
        return promise.get_future().get();
    }
    Result<DecisionDiff> diff(const std::string &pipeline, unsigned workers = 1)
    {
        const RerunQuery query{pipeline, path("pipeline.yaml"), workers};
        std::promise<Result<DecisionDiff>> promise;
        m_backend->decisionDiff(Tester, query, {}, [&](Result<DecisionDiff> r) { promise.set_value(std::move(r)); });
        return promise.get_future().get();
    }
    Result<RerunCheck> check()
    {
        std::promise<Result<RerunCheck>> promise;
        m_backend->checkHistory(Tester, {}, [&](Result<RerunCheck> r) { promise.set_value(std::move(r)); });
        return promise.get_future().get();
    }
    Result<Promotion> promote(const std::string &finding, const std::string &folder)
    {
        std::promise<Result<Promotion>> promise;
        m_backend->promote(Tester, finding, path(folder),
                           [&](Result<Promotion> r) { promise.set_value(std::move(r)); });
        return promise.get_future().get();
    }
    std::vector<Finding> findings()
    {
        std::vector<Finding> out;
        std::promise<void> promise;
        m_backend->findings(Tester, {}, [&](std::vector<Finding> page) {
            out.insert(out.end(), page.begin(), page.end());
        }, [&](Result<Ok>) { promise.set_value(); });
        promise.get_future().get();
        return out;
    }

private:
    QTemporaryDir m_folder;
    LocalWorkspace m_workspace;
    std::unique_ptr<LocalBackend> m_backend;
};

/// "removed 85", "changed 97: severity …": enough to compare.
std::string inShort(const DecisionDiff &diff)
{
    std::ostringstream out;
    for (const auto &change : diff.findings)
        out << toString(change.difference) << ' ' << (change.before ? change.before->value : change.after->value)
            << ';';
    for (const auto &change : diff.suggestions)
        out << toString(change.difference) << ' ' << (change.before ? change.before->command : change.after->command)
            << ';';
    return out.str();
}

} // namespace

class TestRerun : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    /// Every shipped way of reading, actions and all: what was decided comes out again, bit for bit.
    void historyRepeats()
    {
        Bench bench;
        bench.write("rules.yaml", Rules);
        const auto run = bench.replay(bench.loads({20, 85, 30, 97, 92, 10}),
                                      pipelineText("  - enrich: {cmdb: ../cmdb/hosts.yaml}\n"
                                                   "  - rules: {files: [rules.yaml]}\n"
                                                   "  - entropy: {}\n"
                                                   "  - entities: {}\n"
                                                   "  - suggest: {files: [../policies/default.yaml]}\n"));
        QVERIFY2(run, run ? "" : run.error().text().c_str());
        const auto check = bench.check();
        QVERIFY2(check, check ? "" : check.error().text().c_str());
        QVERIFY(check.value().from == PipelinePart::Records);
        QCOMPARE(check.value().recorded.size(), std::size_t{5});
        QVERIFY(check.value().recorded[0].outputs == 12);
        QVERIFY(check.value().recorded[1].outputs >= 3);
        QVERIFY(check.value().recorded[3].outputs > 0);
        for (std::size_t i = 0; i < check.value().recorded.size(); ++i) {
            QCOMPARE(check.value().rerun[i].stage, check.value().recorded[i].stage);
            QCOMPARE(check.value().rerun[i].outputs, check.value().recorded[i].outputs);
            QCOMPARE(check.value().rerun[i].digest, check.value().recorded[i].digest);
        }
        QVERIFY(check.value().equal());
        // A digest for each stage, in order.
        std::vector<std::string> stages;
        for (const StageDigest &stage : check.value().stages)
            stages.push_back(stage.stage);
        QCOMPARE(stages, (std::vector<std::string>{"decode", "enrich", "rules", "entropy", "entities", "suggest"}));
    }

    void noEditNoDifference()
    {
        Bench bench;
        bench.write("rules.yaml", Rules);
        const std::string pipeline = pipelineText("  - rules: {files: [rules.yaml]}\n  - entropy: {}\n");
        QVERIFY(bench.replay(bench.loads({20, 85, 30, 97}), pipeline));
        const auto diff = bench.diff(pipeline);
        QVERIFY2(diff, diff ? "" : diff.error().text().c_str());
        QVERIFY(diff.value().empty());
        QVERIFY(diff.value().edits.empty());
        QVERIFY(diff.value().from == PipelinePart::Nothing);
        QVERIFY(diff.value().findingsBefore > 0);
        QCOMPARE(diff.value().findingsBefore, diff.value().findingsAfter);
    }

    void raisedThresholdRemovesOneAlert()
    {
        Bench bench;
        bench.write("rules.yaml", Rules);
        const std::string pipeline = pipelineText("  - rules: {files: [rules.yaml]}\n");
        QVERIFY(bench.replay(bench.loads({20, 85, 30, 97, 92}), pipeline));
        bench.write("rules.yaml", "rules:\n  - metric: cpu_load\n    warning: 86\n    critical: 90\n");
        for (const unsigned workers : {1U, 2U, 8U}) {
            const auto diff = bench.diff(pipeline, workers);
            QVERIFY2(diff, diff ? "" : diff.error().text().c_str());
            QCOMPARE(inShort(diff.value()), std::string("removed 85;"));
            QVERIFY(diff.value().from == PipelinePart::Events);
            QCOMPARE(diff.value().edits.size(), std::size_t{1});
            QCOMPARE(diff.value().findings[0].causes, (std::vector<std::size_t>{0}));
            const SettingChange &edit = diff.value().edits[0];
            QVERIFY(edit.where.file.ends_with("rules.yaml"));
            QCOMPARE(edit.where.line, std::uint32_t{3});
            QCOMPARE(edit.before, std::string("80"));
            QCOMPARE(edit.after, std::string("86"));
            QVERIFY2(edit.path.ends_with("rules.cpu_load.warning"), edit.path.c_str());
        }
    }

    /// Two edits: each decision is put down to the one that makes it.
    void eachDecisionHasItsEdit()
    {
        Bench bench;
        bench.write("rules.yaml", Rules);
        const std::string pipeline = pipelineText("  - rules: {files: [rules.yaml]}\n");
        QVERIFY(bench.replay(bench.loads({20, 85, 30, 97, 92}), pipeline));
        bench.write("rules.yaml", "rules:\n  - metric: cpu_load\n    warning: 86\n    critical: 95\n");
        const auto diff = bench.diff(pipeline);
        QVERIFY2(diff, diff ? "" : diff.error().text().c_str());
        QCOMPARE(diff.value().edits.size(), std::size_t{2});
        QCOMPARE(inShort(diff.value()), std::string("removed 85;changed 92;"));
        QCOMPARE(diff.value().findings[0].causes, (std::vector<std::size_t>{0}));
        QCOMPARE(diff.value().findings[1].causes, (std::vector<std::size_t>{1}));
        QVERIFY(diff.value().findings[1].fields.front().find("critical → warning") != std::string::npos);
    }

    /// A change before the stored events reads the kept records again; so a dead letter can become an event.
    void recordsAreReadAgain()
    {
        Bench bench;
        bench.write("rules.yaml", Rules);
        const std::string capture = bench.loads({85, 97});
        std::ofstream(capture, std::ios::app) << "what is this?\n";
        QVERIFY(bench.replay(capture, pipelineText("  - rules: {files: [rules.yaml]}\n")));
        bench.write("hosts.yaml", "hosts:\n  host-a: {owner: me}\n");
        const auto diff = bench.diff(pipelineText("  - enrich: {cmdb: ../cmdb/hosts.yaml}\n"
                                                  "  - rules: {files: [rules.yaml]}\n"));
        QVERIFY2(diff, diff ? "" : diff.error().text().c_str());
        QVERIFY(diff.value().from == PipelinePart::Records);
        QCOMPARE(diff.value().events, std::uint64_t{4});
        QCOMPARE(diff.value().edits[0].path, std::string("stages.enrich"));
        QCOMPARE(diff.value().stages[0].stage, std::string("decode"));
        QCOMPARE(diff.value().findingsAfter, std::uint64_t{2});
    }

    /// Only a policy changed: stored findings are enough.
    void policiesNeedNoRules()
    {
        Bench bench;
        bench.write("rules.yaml", Rules);
        const std::string stages = "  - rules: {files: [rules.yaml]}\n  - suggest: {files: [policy.yaml]}\n";
        std::ifstream shipped(EVENTOPS_SOURCE_DIR "/pipelines/policies/default.yaml");
        std::stringstream policy;
        policy << shipped.rdbuf();
        bench.write("policy.yaml", policy.str());
        QVERIFY(bench.replay(bench.loads({20, 85, 30, 97}), pipelineText(stages)));
        const auto none = bench.diff(pipelineText("  - rules: {files: [rules.yaml]}\n"));
        QVERIFY2(none, none ? "" : none.error().text().c_str());
        QVERIFY(none.value().from == PipelinePart::Findings);
        QVERIFY(none.value().suggestionsBefore > 0);
        QCOMPARE(none.value().suggestionsAfter, std::uint64_t{0});
        QCOMPARE(none.value().suggestions.size(), static_cast<std::size_t>(none.value().suggestionsBefore));
        for (const auto &change : none.value().suggestions) {
            QVERIFY(change.difference == DecisionDifference::Removed);
            QCOMPARE(change.causes, (std::vector<std::size_t>{0}));
        }
        QVERIFY(none.value().findings.empty());
    }

    void wrongPipelineIsNamed()
    {
        Bench bench;
        const auto early = bench.diff(pipelineText("  - entropy: {}\n"));
        QVERIFY(!early);
        QVERIFY(early.error().code == Error::Code::NotFound);
        QVERIFY(bench.replay(bench.loads({20}), pipelineText("  - entropy: {}\n")));
        const auto wrong = bench.diff(pipelineText("  - entrpy: {}\n"));
        QVERIFY(!wrong);
        QVERIFY(wrong.error().code == Error::Code::InvalidConfig);
        QCOMPARE(wrong.error().where.line, std::uint32_t{5});
    }

    /// A rule that wants three samples in a row: the test keeps exactly those.
    void promotedTestIsMinimal()
    {
        Bench bench;
        bench.write("rules.yaml", "rules:\n  - metric: cpu_load\n    warning: 80\n    critical: 99\n    for: 120s\n");
        QVERIFY(bench.replay(bench.loads({20, 30, 85, 30, 88, 89, 90, 20, 15}),
                             pipelineText("  - rules: {files: [rules.yaml]}\n")));
        const std::vector<Finding> findings = bench.findings();
        const auto firing = std::find_if(findings.begin(), findings.end(), [](const Finding &f) {
            return f.state == FindingState::Firing;
        });
        QVERIFY(firing != findings.end());
        const auto made = bench.promote(firing->id, "case");
        QVERIFY2(made, made ? "" : made.error().text().c_str());
        QVERIFY(made.value().minimal);
        QCOMPARE(made.value().records, std::uint64_t{2}); // the first at or above, and the one 120 s later
        QCOMPARE(made.value().candidates, std::uint64_t{7});
        const Registry registry{builtinStages(), builtinSources()};
        QCOMPARE(checkGolden(bench.path("case"), registry, {}), std::string());
        // Without either record the case fails: that is what minimal means.
        const QString inputFile = QDir(QString::fromStdString(bench.path("case")))
                                      .entryList({QStringLiteral("input.*")}, QDir::Files).value(0);
        const std::string name = "case/" + inputFile.toStdString();
        const std::string input = bench.read(name);
        const std::size_t cut = input.find('\n') + 1;
        for (const std::string &part : {input.substr(0, cut), input.substr(cut)}) {
            bench.write(name, part);
            QVERIFY(checkGolden(bench.path("case"), registry, {}).find("findings.ndjson") != std::string::npos);
        }
        // And so it does without the rule.
        bench.write(name, input);
        bench.write("case/pipeline.yaml", pipelineText("  - entropy: {}\n"));
        QVERIFY(!checkGolden(bench.path("case"), registry, {}).empty());
    }

    void promotionRefuses()
    {
        Bench bench;
        bench.write("rules.yaml", Rules);
        QVERIFY(bench.replay(bench.loads({97}), pipelineText("  - rules: {files: [rules.yaml]}\n")));
        const auto unknown = bench.promote("0123456789abcdef0123456789abcdef", "case");
        QVERIFY(!unknown);
        QVERIFY(unknown.error().code == Error::Code::NotFound);
        bench.write("there", "x");
        const auto there = bench.promote(bench.findings().front().id, "there");
        QVERIFY(!there);
        QVERIFY(there.error().code == Error::Code::Refused);
        QCOMPARE(bench.read("there"), std::string("x"));
    }
};

EVENTOPS_TEST(TestRerun)
#include "tst_rerun.moc"
