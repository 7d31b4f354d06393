// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "app/console/connect_dialog.h"
#include "tests/support/gui/pictures.h"
#include "tests/support/test_certificates.h"
#include "tests/widgets/chosen_backend.h"
#include "tests/widgets/demo_window.h"

#include <QClipboard>
#include <QElapsedTimer>
#include <QFile>
#include <QGuiApplication>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QToolButton>

using namespace eventops;
using namespace eventops::test;
using console::ConnectDialog;
using console::Console;

namespace {

bool saysLabel(const QWidget &where, const QString &text)
{
    const auto labels = where.findChildren<QLabel *>();
    return std::any_of(labels.begin(), labels.end(),
                       [&](const QLabel *label) { return !label->isHidden() && label->text().contains(text); });
}

QPushButton *button(const QWidget &where, const QString &text)
{
    for (QPushButton *each : where.findChildren<QPushButton *>()) {
        if (each->text().remove(QLatin1Char('&')).startsWith(text))
            return each;
    }
    return nullptr;
}

QLineEdit *field(const QWidget &where, const char *accessibleName)
{
    for (QLineEdit *each : where.findChildren<QLineEdit *>()) {
        if (each->accessibleName() == QLatin1String(accessibleName))
            return each;
    }
    return nullptr;
}

/// A window on an engine that was served in this process.
class AttachedWindow
{
public:
    explicit AttachedWindow(const console::Options &options)
        : m_console(options, m_home.filePath(QStringLiteral("console.ini")),
                    EVENTOPS_BINARY_DIR "/bin/eventops-console")
    {
        m_console.start();
    }
    Console &console() { return m_console; }

private:
    QTemporaryDir m_home;
    Console m_console;
};

} // namespace

/// A window on an engine elsewhere, and the dialog that gets it there.
class TestAttach : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { skipWhereListed(*this); }

    void theWindowShowsTheEnginesWorkspaceAndWhereItIs()
    {
        QTemporaryDir directory;
        ServedEngine engine(DemoWindow::workspaceOptions(directory.path(), "agents.ndjson", "default.yaml"));
        AttachedWindow attached(engine.attachOptions());
        QTRY_VERIFY(attached.console().window() != nullptr);
        MainWindow &window = *attached.console().window();
        ViewContext &context = *attached.console().context();
        QTRY_VERIFY(engine.isDone());
        QTRY_VERIFY(context.change().events > 0 && context.change().findings > 0);
        QVERIFY(saysLabel(*window.statusBar(), QStringLiteral("attached to 127.0.0.1:")));
        QVERIFY(window.windowTitle().startsWith(QStringLiteral("127.0.0.1:")));
        QVERIFY(context.mayDecide()); // as the token says
        const auto isEnabled = [&](const QString &keys) {
            for (const QAction *action : window.actions()) {
                if (action->shortcut() == QKeySequence(keys))
                    return action->isEnabled();
            }
            return false;
        };
        QVERIFY(isEnabled(QStringLiteral("Ctrl+Shift+A")));
        QVERIFY(!isEnabled(QStringLiteral("Ctrl+O")));       // captures lie here, not there
        QVERIFY(!isEnabled(QStringLiteral("Ctrl+Shift+P"))); // nor does the past
    }

    /// No engine is asked: what it published is there, and what no topic carries says so.
    void aWindowOnTopicsShowsWhatTheEnginePublished()
    {
        QTemporaryDir directory;
        ServedEngine engine(DemoWindow::workspaceOptions(directory.path(), "agents.ndjson", "default.yaml"));
        QTRY_VERIFY(engine.isDone());
        console::Options options = engine.topicsOptions();
        const QString kept = directory.filePath(QStringLiteral("kept"));
        options.keepIn = kept.toStdString();
        const WorkspaceSummary summary = engine.summary();
        {
            AttachedWindow attached(options);
            QTRY_VERIFY(attached.console().window() != nullptr);
            MainWindow &window = *attached.console().window();
            ViewContext &context = *attached.console().context();
            QTRY_VERIFY(context.change().events >= summary.counters.events
                        && context.change().findings == summary.findings
                        && context.change().suggestions == summary.suggestions);
            QVERIFY(summary.findings > 0);
            QVERIFY(saysLabel(*window.statusBar(), QStringLiteral("attached to kafka://127.0.0.1:")));
            QVERIFY(saysLabel(*window.statusBar(), QStringLiteral("(read only)"))); // nothing to sign with
            QVERIFY(!context.mayDecide());
            window.showView(QStringLiteral("expectations"));
            QTRY_VERIFY(!wholeTexts(window, QStringLiteral("topics do not carry what is expected next")).empty());
        }
        QVERIFY(QFile::exists(kept + QStringLiteral("/ledger.db")));
    }

    void readOnlyIsShownAndHeld()
    {
        QTemporaryDir directory;
        ServedEngine engine(DemoWindow::workspaceOptions(directory.path(), "agents.ndjson", "default.yaml"));
        console::Options options = engine.attachOptions();
        options.readOnly = true;
        AttachedWindow attached(options);
        QTRY_VERIFY(attached.console().window() != nullptr);
        QVERIFY(saysLabel(*attached.console().window()->statusBar(), QStringLiteral("(read only)")));
        ViewContext &context = *attached.console().context();
        QVERIFY(!context.mayDecide());
        std::promise<Error> promise;
        context.backend().retention({"", Role::Admin, {}}, true, [&](const Result<RetentionReport> &report) {
            promise.set_value(report ? Error{} : report.error());
        });
        QVERIFY(promise.get_future().get().message.find("read-only") != std::string::npos);
    }

    void anEngineThatGoesAndComesBackIsShown()
    {
        QTemporaryDir directory;
        ServedEngine engine(DemoWindow::workspaceOptions(directory.path(), "agents.ndjson", "default.yaml"));
        AttachedWindow attached(engine.attachOptions());
        QTRY_VERIFY(attached.console().window() != nullptr);
        QStatusBar &bar = *attached.console().window()->statusBar();
        QTRY_VERIFY(engine.isDone());
        engine.stop();
        QTRY_VERIFY(saysLabel(bar, QStringLiteral("reconnecting to 127.0.0.1:")));
        QVERIFY(saysLabel(bar, QStringLiteral("last seen ")));
        QVERIFY(engine.listenAgain());
        for (QToolButton *retry : bar.findChildren<QToolButton *>()) {
            if (retry->text() == QStringLiteral("Try now"))
                retry->click();
        }
        QTRY_VERIFY(saysLabel(bar, QStringLiteral("attached to 127.0.0.1:")));
    }

    void theDialogTriesAndSaysWhatHelps()
    {
        QTemporaryDir directory;
        ServedEngine engine(DemoWindow::workspaceOptions(directory.path(), "agents.ndjson", "default.yaml"));
        const console::Options good = engine.attachOptions();
        ConnectDialog dialog({good.attach.front(), good.tokenFiles.front(), false});
        dialog.show();
        QVERIFY(QTest::qWaitForWindowExposed(&dialog));
        dialog.test();
        QTRY_VERIFY(saysLabel(dialog, QStringLiteral("It works.")));
        QVERIFY(saysLabel(dialog, QStringLiteral("(admin)")));
        auto *url = dialog.findChild<QLineEdit *>();
        const QString plain = QString::fromStdString(good.attach.front());
        url->setText(QString(plain).replace(QStringLiteral("http"), QStringLiteral("wss")));
        dialog.test();
        QTRY_VERIFY(saysLabel(dialog, QStringLiteral("speaks no TLS")));
        QVERIFY(saysLabel(dialog, QStringLiteral("To do: ")));
        QPushButton *const fix = button(dialog, QStringLiteral("Use ws://"));
        QVERIFY(fix != nullptr && fix->isVisible());
        QSignalSpy attached(&dialog, &ConnectDialog::attached);
        fix->click();
        QTRY_COMPARE(attached.size(), 1);
        delete attached.front().front().value<console::EngineConnection *>();

        engine.stop();
        ConnectDialog late({good.attach.front(), good.tokenFiles.front(), false});
        late.show();
        late.connectNow();
        QTRY_VERIFY(saysLabel(late, QStringLiteral("Nobody listens")));
        QVERIFY(button(late, QStringLiteral("Connect"))->isEnabled()); // again, once it is started
    }

    /// An engine whose certificate no authority of this machine signed.
    void aPrivateAuthorityIsNamedInTheDialog()
    {
        const TestCertificates certificates;
        if (!certificates.ok())
            QSKIP("there is no openssl");
        QTemporaryDir directory;
        ServedEngine engine(DemoWindow::workspaceOptions(directory.path(), "agents.ndjson", "default.yaml"));
        const console::Options plain = engine.attachOptions();
        const std::string url = engine.listenByTls(certificates.path("server.pem"), certificates.path("server.key"));
        QVERIFY(!url.empty());

        ConnectDialog dialog({plain.attach.front(), plain.tokenFiles.front(), false});
        dialog.show();
        QVERIFY(QTest::qWaitForWindowActive(&dialog));
        QLineEdit *const address = field(dialog, "Address");
        QLineEdit *const ca = field(dialog, "CA file");
        QVERIFY(address != nullptr && ca != nullptr);
        QVERIFY(!ca->isVisible()); // there is no certificate in plain text
        takePicture(dialog, QStringLiteral("connect-plain"));
        address->setText(QString::fromStdString(url));
        QVERIFY(ca->isVisible());
        address->setFocus();
        QStringList order; // by keyboard, from field to field
        for (int i = 0; i < 6; ++i) {
            order << QApplication::focusWidget()->accessibleName();
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        }
        QCOMPARE(order, QStringList({QStringLiteral("Address"), QStringLiteral("Token file"),
                                     QStringLiteral("Choose: Token file"), QStringLiteral("CA file"),
                                     QStringLiteral("Choose: CA file"), QString()}));
        takePicture(dialog, QStringLiteral("connect-tls"));

        const auto fails = [&](const QString &file, const char *cause, const char *remedy) {
            ca->setText(file);
            dialog.test();
            const bool said = QTest::qWaitFor([&] { return saysLabel(dialog, QLatin1String(cause)); });
            const QStringList cut = layoutBreaches(dialog);
            if (!cut.isEmpty())
                qWarning("%s", qPrintable(cut.join(QLatin1Char('\n'))));
            return said && cut.isEmpty() && saysLabel(dialog, QLatin1String(remedy));
        };
        QVERIFY(fails(QString(), "is not trusted", "as CA file"));
        QVERIFY(fails(directory.filePath(QStringLiteral("none.pem")), "No such file", "name the PEM file"));
        QVERIFY(fails(QString::fromStdString(certificates.path("server.key")), "holds no certificate", "BEGIN"));
        QVERIFY(fails(QString::fromStdString(certificates.path("other-ca.pem")), "is not trusted", "as CA file"));
        for (const char *const theme : {"light", "dark"}) {
            QVERIFY(Theme::instance().load(QLatin1String(theme)));
            takePicture(dialog, QStringLiteral("connect-failed-") + QLatin1String(theme));
        }

        QSignalSpy attached(&dialog, &ConnectDialog::attached);
        ca->setText(QString::fromStdString(certificates.path("ca.pem")));
        dialog.connectNow();
        QTRY_COMPARE(attached.size(), 1);
        const std::unique_ptr<console::EngineConnection> connection(
            attached.front().front().value<console::EngineConnection *>());
        QCOMPARE(connection->address().caFile, certificates.path("ca.pem"));
        ConnectDialog again(connection->address()); // it is remembered with the rest
        QCOMPARE(field(again, "CA file")->text(), QString::fromStdString(certificates.path("ca.pem")));
    }

    void theDialogExplainsOtherToolsErrors()
    {
        ConnectDialog dialog({});
        dialog.show();
        QVERIFY(!button(dialog, QStringLiteral("Connect"))->isEnabled()); // there is nothing to connect to
        dialog.explain(QStringLiteral("% ERROR: Topic x: UNKNOWN_TOPIC_OR_PART"));
        QVERIFY(saysLabel(dialog, QStringLiteral("Make the topics")));
        dialog.explain(QStringLiteral("Bind for 0.0.0.0:8081 failed: port is already allocated"));
        QVERIFY(saysLabel(dialog, QStringLiteral("publish port 8081")));
        button(dialog, QStringLiteral("Copy: "))->click();
        QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("--schema-registry-addr=0.0.0.0:8081"));
        dialog.explain(QStringLiteral("all is well"));
        QVERIFY(saysLabel(dialog, QStringLiteral("not known")));
    }

    /// The application of these tests fails one that keeps the UI thread busy for 200 ms at a time.
    void aFastFeedKeepsAnAttachedWindowFluent()
    {
        bool given = false;
        const int wanted = qEnvironmentVariableIntValue("EVENTOPS_FEED_EVENTS", &given);
        const int events = given ? wanted : 60'000;
        constexpr qint64 PerSecond = 20'000;
        QTemporaryDir directory;
        QFile capture(directory.filePath(QStringLiteral("feed.ndjson")));
        QVERIFY(capture.open(QIODevice::WriteOnly));
        for (int i = 0; i < events; ++i) {
            const qint64 us = i * (1'000'000 / PerSecond);
            const QString time = QStringLiteral("2026-01-01T%1:%2:%3.%4Z")
                                     .arg(us / 3'600'000'000, 2, 10, QLatin1Char('0'))
                                     .arg(us / 60'000'000 % 60, 2, 10, QLatin1Char('0'))
                                     .arg(us / 1'000'000 % 60, 2, 10, QLatin1Char('0'))
                                     .arg(us % 1'000'000, 6, 10, QLatin1Char('0'));
            capture.write(QStringLiteral(R"({"ts":"%1","tenant":"acme","type":"metric","entity":{"type":"Host",)"
                                         R"("id":"host-%2"},"metric":"cpu_load","value":%3,"id":"e-%4"})")
                              .arg(time)
                              .arg(i % 50)
                              .arg(30 + i % 40)
                              .arg(i)
                              .toLatin1()
                          + '\n');
        }
        capture.close();
        console::Options options = DemoWindow::workspaceOptions(directory.filePath(QStringLiteral("workspace")));
        options.files = {capture.fileName().toStdString()};
        options.pipeline = EVENTOPS_SOURCE_DIR "/pipelines/definitions/default.yaml";
        ServedEngine engine(options, std::make_shared<Playback>(Playback::Options{}));
        QElapsedTimer timer;
        timer.start();
        AttachedWindow attached(engine.attachOptions());
        QTRY_VERIFY(attached.console().window() != nullptr);
        ViewContext &context = *attached.console().context();
        std::size_t changes = 0;
        connect(&context, &ViewContext::changed, this, [&] { ++changes; });
        QTRY_COMPARE_WITH_TIMEOUT(context.change().events, static_cast<std::uint64_t>(events), 120'000);
        const double seconds = static_cast<double>(timer.elapsed()) / 1'000;
        qInfo("%d events in %.1f s (%.0f a second) in %zu changes", events, seconds, events / seconds, changes);
        QVERIFY(changes > 10); // they came as a feed, not at once
    }

    void withoutAnEngineTheDialogComesUp()
    {
        QTemporaryDir directory;
        console::Options options;
        options.attach = {"localhost:1"};
        options.tokenFiles = {directory.filePath(QStringLiteral("none")).toStdString()};
        AttachedWindow attached(options);
        QTRY_VERIFY(attached.console().connectDialog() != nullptr && attached.console().connectDialog()->isVisible());
        QTRY_VERIFY(saysLabel(*attached.console().connectDialog(), QStringLiteral("cannot read the token")));
        QVERIFY(attached.console().window() == nullptr);
    }
};

EVENTOPS_TEST(TestAttach)
#include "tst_attach.moc"
