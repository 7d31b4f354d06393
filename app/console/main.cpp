// SPDX-License-Identifier: MIT
//
// `eventops-console`: the window. The composition root of everything that is seen.
#include "app/common/local.h"
#include "app/console/console.h"
#include "app/console/options.h"
#include "resources/resources.h"
#include "widgets/theme/icon.h"
#include "widgets/theme/style.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QSettings>
#include <QStandardPaths>
#include <QTimer>

#include <QSocketNotifier>

#include <array>
#include <csignal>
#include <cstdio>
#include <sys/socket.h>
#include <unistd.h>

namespace {

std::array<int, 2> g_signalPair{-1, -1};

void onSignal(int)
{
    const char byte = 1;
    [[maybe_unused]] const auto written = ::write(g_signalPair[0], &byte, 1);
}

/// Interrupt and terminate close the window as a person would: the workspace is left in order, the demo's is removed.
void quitOnSignals(QApplication &application)
{
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, g_signalPair.data()) != 0)
        return;
    auto *notifier = new QSocketNotifier(g_signalPair[1], QSocketNotifier::Read, &application);
    QObject::connect(notifier, &QSocketNotifier::activated, &application, &QApplication::quit);
    struct sigaction action = {};
    action.sa_handler = onSignal;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

/// Says when the first picture is on the screen, and ends the program.
class QuitAtFirstFrame final : public QObject
{
public:
    using QObject::QObject;
    bool eventFilter(QObject *, QEvent *event) override
    {
        if (event->type() == QEvent::Paint && !m_seen) {
            m_seen = true;
            QMetaObject::invokeMethod(this, &QuitAtFirstFrame::end, Qt::QueuedConnection); // after the whole picture
        }
        return false;
    }

private:
    void end()
    {
        std::puts("first picture");
        std::fflush(stdout);
        QApplication::quit();
    }

    bool m_seen = false;
};

} // namespace

int main(int argc, char **argv)
{
    using namespace eventops;
    console::Options options;
    int exitCode = app::ExitDone;
    if (!console::readOptions(argc, argv, options, exitCode))
        return exitCode;

    // What the options say was read above; Qt's own options would be another language.
    int qtArguments = 1;
    QApplication application(qtArguments, argv);
    QApplication::setOrganizationName(QStringLiteral("eventops"));
    QApplication::setApplicationName(QStringLiteral("eventops-console"));
    QApplication::setApplicationDisplayName(QStringLiteral("EventOps Console"));
    QApplication::setApplicationVersion(QStringLiteral(EVENTOPS_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("eventops-console"));
    quitOnSignals(application);
    loadConsoleResources();

    const QString preferences = QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation)
                                + QStringLiteral("/eventops/console.ini");
    QString theme = QString::fromStdString(options.theme);
    if (theme.isEmpty())
        theme = QSettings(preferences, QSettings::IniFormat).value(QStringLiteral("theme")).toString();
    const QString system = systemThemeName();
    if (theme.isEmpty() || !Theme::instance().load(theme))
        Theme::instance().load(system);
    applyTheme(application);
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/eventops/icons/eventops-console.svg")));

    QuitAtFirstFrame quitAtFirstFrame;
    if (options.quitAfterNs == 0)
        application.installEventFilter(&quitAtFirstFrame);
    std::vector<std::unique_ptr<console::Console>> consoles; // a window each
    for (const console::Options &each : console::optionsOfWindows(options)) {
        consoles.push_back(std::make_unique<console::Console>(each, preferences, app::ownProgram()));
        consoles.back()->start();
    }
    if (options.quitAfterNs > 0) {
        constexpr long long NsAMs = 1'000'000;
        // Not quit, which closes what the picture is to be of.
        QTimer::singleShot(static_cast<int>(options.quitAfterNs / NsAMs), &application,
                           [] { QCoreApplication::exit(); });
    }
    exitCode = QApplication::exec();
    if (!consoles.front()->saveScreenshot()) {
        std::fprintf(stderr, "eventops-console: cannot write %s\n", options.screenshot.c_str());
        return app::ExitFailed;
    }
    return exitCode;
}
