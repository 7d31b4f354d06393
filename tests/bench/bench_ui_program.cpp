// SPDX-License-Identifier: MIT
#include "tests/bench/bench_ui_program.h"

#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QMainWindow>
#include <QProcess>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>
#include <limits>

namespace eventops::bench {
namespace {

constexpr int Runs = 12;
constexpr double FirstFrameRatioMax = 4.0;
constexpr double IdleCpuMsMax = 20.0;
constexpr int IdleMs = 10'000;
constexpr int SettleMs = 5'000;  ///< Reading the ledger and the first pictures.
constexpr int PatienceMs = 120'000;
constexpr double MsPerNs = 1e-6;
constexpr char FirstFrameLine[] = "first picture"; ///< What `eventops-console --quit-after 0s` prints then.

QString programPath(const char *name)
{
    return QStringLiteral(EVENTOPS_BINARY_DIR "/bin/") + QLatin1String(name);
}

QProcessEnvironment quietHome(const QTemporaryDir &home)
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("HOME"), home.path());
    environment.insert(QStringLiteral("XDG_RUNTIME_DIR"), home.path());
    environment.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("offscreen"));
    return environment;
}

/// Milliseconds from the start of a process to the line by which it says that its first picture is there; infinite when
/// it fails.
double firstFrameMs(const QString &program, const QStringList &arguments, const QProcessEnvironment &environment)
{
    QProcess process;
    process.setProcessEnvironment(environment);
    QElapsedTimer watch;
    watch.start();
    process.start(program, arguments);
    bool good = process.waitForReadyRead(PatienceMs);
    const double ms = static_cast<double>(watch.nsecsElapsed()) * MsPerNs;
    good = good && process.readAllStandardOutput().startsWith(FirstFrameLine) && process.waitForFinished(PatienceMs)
           && process.exitCode() == 0;
    return good ? ms : std::numeric_limits<double>::infinity();
}

/// Processor time of all threads of a process since it started.
double cpuMs(qint64 processId)
{
    double sum = 0.0;
    const QString tasks = QStringLiteral("/proc/%1/task").arg(processId);
    for (const QString &task : QDir(tasks).entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        QFile file(tasks + QLatin1Char('/') + task + QStringLiteral("/schedstat"));
        if (file.open(QIODevice::ReadOnly))
            sum += file.readAll().split(' ').constFirst().toDouble() * MsPerNs;
    }
    return sum;
}

} // namespace

bool benchFirstFrame()
{
    const QTemporaryDir home;
    const QProcessEnvironment environment = quietHome(home);
    double empty = std::numeric_limits<double>::infinity();
    double console = empty;
    for (int i = 0; i < Runs; ++i) {
        empty = std::min(empty, firstFrameMs(QCoreApplication::applicationFilePath(),
                                             {QLatin1String(EmptyWindowArgument)}, environment));
        console = std::min(console, firstFrameMs(programPath("eventops-console"),
                                                 {QStringLiteral("--demo"), QStringLiteral("--quit-after"),
                                                  QStringLiteral("0s"), QStringLiteral("--size"),
                                                  QStringLiteral("1280x800")},
                                                 environment));
    }
    const bool good = console <= FirstFrameRatioMax * empty;
    std::printf("first frame: console %.0f ms, empty window %.0f ms, ratio %.2f, limit %.1f: %s\n", console,
                empty, console / empty, FirstFrameRatioMax, good ? "ok" : "ABOVE");
    return good;
}

bool benchIdle()
{
    const QTemporaryDir home;
    const QProcessEnvironment environment = quietHome(home);
    const QString workspace = home.filePath(QStringLiteral("workspace"));
    if (QProcess::execute(programPath("eventops"), {QStringLiteral("demo"), QStringLiteral("--json"),
                                                    QStringLiteral("--workspace"), workspace})
        != 0) {
        std::printf("idle: the demo's ledger could not be made\n");
        return false;
    }
    QProcess process;
    process.setProcessEnvironment(environment);
    process.start(programPath("eventops-console"),
                  {QStringLiteral("--workspace"), workspace, QStringLiteral("--size"), QStringLiteral("1280x800")});
    if (process.waitForFinished(SettleMs)) {
        std::printf("idle: the console ended by itself\n");
        return false;
    }
    const double before = cpuMs(process.processId());
    const bool stays = !process.waitForFinished(IdleMs);
    const double used = cpuMs(process.processId()) - before;
    process.terminate();
    process.waitForFinished(PatienceMs);
    const bool good = stays && before > 0.0 && used <= IdleCpuMsMax;
    std::printf("idle for %d s: %.1f ms of processor time, limit %.0f: %s\n", IdleMs / 1'000, used, IdleCpuMsMax,
                good ? "ok" : "ABOVE");
    return good;
}

int runEmptyWindow(int argc, char **argv)
{
    class Window final : public QMainWindow
    {
        void paintEvent(QPaintEvent *event) override
        {
            QMainWindow::paintEvent(event);
            const auto end = [] {
                std::puts(FirstFrameLine);
                std::fflush(stdout);
                QApplication::quit();
            };
            QMetaObject::invokeMethod(qApp, end, Qt::QueuedConnection);
        }
    };
    const QApplication application(argc, argv);
    Window window;
    window.resize(1'280, 800);
    window.show();
    return QApplication::exec();
}

} // namespace eventops::bench
