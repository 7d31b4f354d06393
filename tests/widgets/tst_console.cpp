// SPDX-License-Identifier: MIT
//
// The real program, as a person starts it, on a display that nobody sees.
#include "tests/support/test_main.h"
#include "tests/widgets/exceptions.h"

#include <QtCore/QProcess>
#include <QtCore/QSet>
#include <QtCore/QStandardPaths>
#include <QtCore/QTemporaryDir>

#include <QImage>

namespace {

struct Ended {
    int exitCode = -1;
    QStringList complaints; ///< Lines on standard error.
    QByteArray out;
};

/// A display on which windows are real and nobody looks. Thread: the test's.
class VirtualDisplay
{
public:
    VirtualDisplay()
    {
        const QString server = QStandardPaths::findExecutable(QStringLiteral("Xvfb"));
        if (server.isEmpty())
            return;
        m_server.start(server, {QStringLiteral("-displayfd"), QStringLiteral("1"), QStringLiteral("-screen"),
                                QStringLiteral("0"), QStringLiteral("1280x800x24"), QStringLiteral("-nolisten"),
                                QStringLiteral("tcp")});
        QByteArray number; // it says which display it took once it is ready
        while (!number.endsWith('\n') && m_server.waitForReadyRead(StartMs))
            number += m_server.readAllStandardOutput();
        if (number.endsWith('\n'))
            m_name = QLatin1Char(':') + QString::fromLatin1(number.trimmed());
    }
    ~VirtualDisplay()
    {
        m_server.terminate();
        if (m_server.state() != QProcess::NotRunning && !m_server.waitForFinished(StartMs))
            m_server.kill();
    }
    const QString &name() const { return m_name; } ///< Empty: there is none on this machine.

private:
    static constexpr int StartMs = 60'000;
    QProcess m_server;
    QString m_name;
};

/// @p display: of an X server; empty: the platform that shows nothing.
Ended runConsole(const QStringList &arguments, const QString &home, const QString &display = {})
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("HOME"), home);
    environment.insert(QStringLiteral("XDG_RUNTIME_DIR"), home);
    environment.insert(QStringLiteral("QT_QPA_PLATFORM"),
                       display.isEmpty() ? QStringLiteral("offscreen") : QStringLiteral("xcb"));
    environment.insert(QStringLiteral("DISPLAY"), display);
    for (const char *name : {"EVENTOPS_WORKSPACE", "XDG_STATE_HOME", "XDG_CONFIG_HOME"})
        environment.remove(QLatin1String(name));
    QProcess process;
    process.setProcessEnvironment(environment);
    process.start(QStringLiteral(EVENTOPS_BINARY_DIR "/bin/eventops-console"), arguments);
    Ended ended;
    constexpr int PatienceMs = 120'000;
    if (process.waitForFinished(PatienceMs) && process.exitStatus() == QProcess::NormalExit)
        ended.exitCode = process.exitCode();
    else
        process.kill();
    ended.out = process.readAllStandardOutput();
    for (const QByteArray &line : process.readAllStandardError().split('\n')) {
        // Said by the platform that shows nothing, of every window that has a smallest size.
        if (!line.isEmpty() && line != "This plugin does not support propagateSizeHints()")
            ended.complaints << QString::fromUtf8(line);
    }
    return ended;
}

} // namespace

class TestConsole : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { eventops::test::skipWhereListed(*this); }

    void theDemoStartsAndEnds()
    {
        const QTemporaryDir home;
        const QString picture = home.filePath(QStringLiteral("demo.png"));
        const Ended ended =
            runConsole({QStringLiteral("--demo"), QStringLiteral("--quit-after"), QStringLiteral("5s"),
                        QStringLiteral("--size"), QStringLiteral("1280x800"), QStringLiteral("--screenshot"), picture},
                       home.path());
        QVERIFY2(ended.complaints.isEmpty(), qPrintable(ended.complaints.join(QLatin1Char('\n'))));
        QCOMPARE(ended.exitCode, 0);
        QCOMPARE(QImage(picture).size(), QSize(1280, 800));
    }

    void theDemoOnARealDisplay()
    {
        const VirtualDisplay display;
        if (display.name().isEmpty())
            QSKIP("this machine has no Xvfb");
        const QTemporaryDir home;
        const QString picture = home.filePath(QStringLiteral("demo.png"));
        const Ended ended =
            runConsole({QStringLiteral("--demo"), QStringLiteral("--quit-after"), QStringLiteral("5s"),
                        QStringLiteral("--size"), QStringLiteral("1280x800"), QStringLiteral("--screenshot"), picture},
                       home.path(), display.name());
        QVERIFY2(ended.complaints.isEmpty(), qPrintable(ended.complaints.join(QLatin1Char('\n'))));
        QCOMPARE(ended.exitCode, 0);
        const QImage image(picture);
        QCOMPARE(image.size(), QSize(1280, 800));
        QSet<QRgb> colours;
        for (int y = 0; y < image.height(); y += 4) {
            for (int x = 0; x < image.width(); x += 4)
                colours.insert(image.pixel(x, y));
        }
        QVERIFY2(colours.size() > 50, "the window is blank");
    }

    void itStartsWithoutAQuestion()
    {
        const QTemporaryDir home;
        const Ended ended = runConsole({QStringLiteral("--quit-after"), QStringLiteral("500ms")}, home.path());
        QVERIFY2(ended.complaints.isEmpty(), qPrintable(ended.complaints.join(QLatin1Char('\n'))));
        QCOMPARE(ended.exitCode, 0);
        QVERIFY(!QFile::exists(home.filePath(QStringLiteral(".local/state/eventops/ledger.db"))));
    }

    void badOptionsAreNamed()
    {
        const QTemporaryDir home;
        QCOMPARE(runConsole({QStringLiteral("--quit-after"), QStringLiteral("soon")}, home.path()).exitCode, 2);
        QCOMPARE(runConsole({QStringLiteral("--demo"), QStringLiteral("--read-only")}, home.path()).exitCode, 2);
        const Ended help = runConsole({QStringLiteral("--help")}, home.path());
        QCOMPARE(help.exitCode, 0);
        for (const char *option : {"--demo", "--workspace", "--open", "--read-only", "--quit-after", "--theme"})
            QVERIFY2(help.out.contains(option), option);
        QCOMPARE(runConsole({QStringLiteral("--version")}, home.path()).exitCode, 0);
    }
};

EVENTOPS_TEST(TestConsole)
#include "tst_console.moc"
