// SPDX-License-Identifier: MIT
//
// Which handler a nickname means (contracts K4, K16, X38): built in, by the workspace's file, by the environment.
#include "tests/support/test_main.h"

#include "core/api/settings_tree.h"
#include "tests/support/program.h"

using namespace eventops;
using namespace eventops::api;
using eventops::test::Ran;
using eventops::test::Scratch;

namespace {

constexpr const char *LogPath = "/iac/lambda/karma-log-handler/runtime";
constexpr const char *ApiPath = "/iac/openapi/karma-api/runtime";

const char *nothing(const char *)
{
    return nullptr;
}

Workspace workspaceWith(const Scratch &scratch, const QByteArray &settings)
{
    return {QFileInfo(scratch.file(QStringLiteral("settings.yaml"), settings)).path().toStdString()};
}

} // namespace

class TestSettingsTree : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void nicknamesMeanTheirHandlers()
    {
        const Scratch scratch;
        const auto tree = SettingsTree::load({scratch.workspace().toStdString()}, nothing);
        QVERIFY(tree);
        QCOMPARE(tree.value().entries().size(), std::size_t{3});
        QCOMPARE(tree.value().find(LogPath)->value, std::string(R"({"handler":"karma-log-handler"})"));
        QCOMPARE(tree.value().find(LogPath)->origin, std::string("built in"));
        const auto mounted = mountedOperations(tree.value(), EVENTOPS_SOURCE_DIR "/pipelines");
        QVERIFY2(mounted, mounted ? "" : mounted.error().text().c_str());
        std::vector<std::string> paths;
        for (const MountedOperation &operation : mounted.value())
            paths.push_back(operation.method + ' ' + operation.path + ' ' + operation.handler);
        const std::vector<std::string> expected{
            "POST /v1/events karma-log-handler", "POST /events karma-log-handler",
            "POST /v1/graph/query karma-graph-query", "POST /graph/query karma-graph-query"};
        QCOMPARE(paths, expected);
    }

    void theFileGoesBeforeAndTheEnvironmentBeforeBoth()
    {
        const Scratch scratch;
        const Workspace workspace =
            workspaceWith(scratch, "# ours\n/iac/lambda/karma-log-handler/runtime: {handler: karma-graph-query}\n"
                                   "/iac/lambda/other/runtime: {handler: karma-log-handler}\n");
        const auto file = SettingsTree::load(workspace, nothing);
        QVERIFY2(file, file ? "" : file.error().text().c_str());
        QCOMPARE(file.value().find(LogPath)->value, std::string(R"({"handler":"karma-graph-query"})"));
        QCOMPARE(file.value().find(LogPath)->origin, std::string("settings.yaml:2"));
        QVERIFY(file.value().find("/iac/lambda/other/runtime") != nullptr);
        QCOMPARE(SettingsTree::environmentName(LogPath),
                 std::string("EVENTOPS_SETTING__IAC__LAMBDA__KARMA_LOG_HANDLER__RUNTIME"));
        const auto both = SettingsTree::load(workspace, [](const char *name) -> const char * {
            return name == SettingsTree::environmentName(LogPath) ? R"({"handler":"third"})" : nullptr;
        });
        QVERIFY(both);
        QCOMPARE(both.value().find(LogPath)->value, std::string(R"({"handler":"third"})"));
        QCOMPARE(both.value().find(LogPath)->origin, std::string("environment"));
    }

    void whatNothingReadsIsRefusedWithItsPlace()
    {
        const Scratch scratch;
        const auto tree = SettingsTree::load(workspaceWith(scratch, "\n/iac/lamda/x/runtime: {handler: y}\n"), nothing);
        QVERIFY(!tree);
        QVERIFY2(tree.error().text().find("/iac/lamda/x/runtime is read by nothing") != std::string::npos,
                 tree.error().text().c_str());
        QCOMPARE(tree.error().where.line, 2u);
    }

    void anotherDescriptionIsMounted()
    {
        const Scratch scratch;
        const QString api = scratch.file(QStringLiteral("api.yaml"),
                                         "openapi: 3.0.3\nservers: [{url: 'https://h/base/'}]\npaths:\n  /log:\n"
                                         "    post: {x-lambda-nickname: mine}\n    parameters: []\n");
        const QByteArray document = "/iac/openapi/karma-api/runtime: {document: '" + api.toUtf8() + "'}\n";
        const auto unknown = SettingsTree::load(workspaceWith(scratch, document), nothing);
        QVERIFY(unknown);
        const auto refused = mountedOperations(unknown.value(), "/nowhere");
        QVERIFY(!refused);
        QVERIFY2(refused.error().text().find("which handler \"mine\" is") != std::string::npos,
                 refused.error().text().c_str());
        QCOMPARE(refused.error().where.line, 5u);
        const auto known = SettingsTree::load(
            workspaceWith(scratch, document + "/iac/lambda/mine/runtime: {handler: karma-log-handler}\n"), nothing);
        QVERIFY(known);
        const auto mounted = mountedOperations(known.value(), "/nowhere");
        QVERIFY2(mounted, mounted ? "" : mounted.error().text().c_str());
        QCOMPARE(mounted.value().size(), std::size_t{2});
        QCOMPARE(mounted.value()[0].path, std::string("/base/log"));
        QCOMPARE(mounted.value()[1].path, std::string("/log"));
        QCOMPARE(known.value().find(ApiPath)->origin, std::string("settings.yaml:1"));
    }

    void serveSaysWhichHandlerThereIsNot()
    {
        const Scratch scratch;
        QVERIFY(QDir().mkpath(scratch.workspace()));
        scratch.file(QStringLiteral("workspace/settings.yaml"),
                     "/iac/lambda/karma-log-handler/runtime: {handler: nonsense}\n");
        const Ran serve = test::run({QStringLiteral("serve"), QStringLiteral("--workspace"), scratch.workspace(),
                                     QStringLiteral("--port"), QStringLiteral("0")});
        QCOMPARE(serve.exitCode, 1);
        QVERIFY2(serve.err.contains("there is no handler \"nonsense\" for karma-log-handler"), serve.err.constData());
        const Ran list = test::run({QStringLiteral("settings"), QStringLiteral("--workspace"), scratch.workspace()});
        QCOMPARE(list.exitCode, 0);
        QVERIFY2(list.out.contains("settings.yaml:1"), list.out.constData());
    }
};

EVENTOPS_TEST(TestSettingsTree)
#include "tst_settings_tree.moc"
