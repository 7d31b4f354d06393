// SPDX-License-Identifier: MIT
#pragma once

#include "app/console/console.h"
#include "core/session/backend.h"
#include "core/viewmodel/refresher.h"
#include "core/viewmodel/view_context.h"
#include "tests/widgets/chosen_backend.h"
#include "tests/widgets/exceptions.h"
#include "tests/widgets/seen_texts.h"
#include "widgets/shell/main_window.h"
#include "widgets/theme/style.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QImage>
#include <QStatusBar>
#include <QTemporaryDir>
#include <QtTest/QtTest>

#include <array>
#include <future>

namespace eventops::test {

/// A key as the window system sends it: to whatever has the keyboard.
inline void press(MainWindow &window, Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier)
{
    QTest::keyClick(window.windowHandle(), key, modifiers);
}

/// What brings up the view number @p i.
inline void pressView(MainWindow &window, qsizetype i)
{
    constexpr qsizetype Numbered = 10;
    constexpr std::array Lettered = {Qt::Key_W, Qt::Key_X, Qt::Key_N, Qt::Key_T};
    if (i < Numbered)
        press(window, i == Numbered - 1 ? Qt::Key_0 : static_cast<Qt::Key>(Qt::Key_1 + i), Qt::ControlModifier);
    else
        press(window, Lettered[static_cast<std::size_t>(i - Numbered)], Qt::ControlModifier | Qt::ShiftModifier);
}

/// The program's window in this process, with the demo in it, in a home of its own. Thread: UI.
class DemoWindow
{
public:
    explicit DemoWindow(const console::Options &options)
        : m_engine(engineFor(options)),
          m_console(m_engine ? m_engine->attachOptions() : options, preferences(), program())
    {
        Theme::instance().load(QStringLiteral("dark"));
        static const bool applied = (applyTheme(*qobject_cast<QApplication *>(QCoreApplication::instance())), true);
        Q_UNUSED(applied)
        m_console.start();
        if (!QTest::qWaitFor([&] { return m_console.window() != nullptr; }))
            qFatal("no window");
    }
    static console::Options options(double pace)
    {
        console::Options options;
        options.demo = true;
        options.demoPace = pace;
        options.size = "1280x800";
        return options;
    }
    /// A workspace in @p directory, and a capture in it when one is named (files below resources and pipelines).
    static console::Options workspaceOptions(const QString &directory, const std::string &capture = {},
                                             const std::string &pipeline = {})
    {
        console::Options options;
        options.workspace = QFile::encodeName(directory).toStdString();
        options.size = "1280x800";
        if (!capture.empty()) {
            options.files = {EVENTOPS_SOURCE_DIR "/resources/captures/" + capture};
            options.pipeline = EVENTOPS_SOURCE_DIR "/pipelines/definitions/" + pipeline;
        }
        return options;
    }

    console::Console &console() { return m_console; }
    MainWindow &window() { return *m_console.window(); } ///< Of now: another workspace is another window.
    ViewContext &context() { return *m_console.context(); }

    /// False: it did not get to its end in time.
    bool playToTheEnd()
    {
        return QTest::qWaitFor(
            [&] {
                if (m_engine && chosenKind() == BackEndKind::Remote)
                    return m_engine->isDone() && !context().change().running && context().change().events > 0;
                if (m_engine && chosenKind() == BackEndKind::Kafka)
                    return m_engine->isDone() && hasAllThatWasPublished();
                return !context().change().running
                       && window().statusBar()->currentMessage().contains(QStringLiteral("digest"));
            },
            PatienceMs);
    }
    /// What the window shows once it shows the same three times in a row; null: it does not come to rest.
    QImage settledPicture()
    {
        constexpr int SameMin = 3;
        QImage picture;
        int same = 0;
        for (QElapsedTimer since = started(); same < SameMin && !since.hasExpired(PatienceMs);) {
            QTest::qWait(Refresher::IntervalMs);
            const QImage now = window().grab().toImage();
            same = now == picture && !isUnderWay(window()) ? same + 1 : 0;
            picture = now;
        }
        return same == SameMin ? picture : QImage();
    }
    static constexpr int PatienceMs = 240'000; ///< For a machine that does much else.

    std::vector<Action> actions(const std::string &filter)
    {
        return rows<Action>([&](Backend &backend, OnPage<Action> page, Done<Ok> done) {
            backend.actions(context().caller(), {filter, RowsMax, true}, std::move(page), std::move(done));
        });
    }
    std::vector<Finding> findings(const std::string &filter)
    {
        return rows<Finding>([&](Backend &backend, OnPage<Finding> page, Done<Ok> done) {
            backend.findings(context().caller(), {filter, RowsMax, true}, std::move(page), std::move(done));
        });
    }
    std::string digest()
    {
        std::promise<std::string> promise;
        context().backend().summary(context().caller(), true, [&](const Result<WorkspaceSummary> &summary) {
            promise.set_value(summary ? summary.value().digest : summary.error().text());
        });
        return promise.get_future().get();
    }

private:
    static constexpr std::uint64_t RowsMax = 1'000;

    static QElapsedTimer started()
    {
        QElapsedTimer timer;
        timer.start();
        return timer;
    }

    /// Null: the window has a workspace of its own, or nothing that could be exported.
    static std::unique_ptr<ServedEngine> engineFor(const console::Options &options)
    {
        if (chosenKind() == BackEndKind::Local
            || (chosenKind() == BackEndKind::Capture && !options.demo && options.files.empty()))
            return nullptr;
        return std::make_unique<ServedEngine>(options, nullptr, chosenKind());
    }
    /// Findings and suggestions are as many as the engine's, and every event is there; the messages that tell of
    /// findings are events as well, so they are at rest only when no more come.
    bool hasAllThatWasPublished()
    {
        constexpr int RestMs = 1'000;
        const WorkspaceSummary summary = m_engine->summary();
        const Change before = context().change();
        if (before.events < summary.counters.events || before.findings != summary.findings
            || before.suggestions != summary.suggestions)
            return false;
        QTest::qWait(RestMs);
        return context().change().events == before.events;
    }

    QString preferences() const { return m_home.filePath(QStringLiteral("console.ini")); }
    static std::string program() { return EVENTOPS_BINARY_DIR "/bin/eventops-console"; }

    /// What the back end answers; it does so on its own thread, so this one may wait.
    template <typename Row, typename Ask>
    std::vector<Row> rows(Ask ask)
    {
        std::vector<Row> all;
        std::promise<void> promise;
        ask(
            context().backend(),
            [&](std::vector<Row> page) { all.insert(all.end(), page.begin(), page.end()); },
            [&](const Status &) { promise.set_value(); });
        promise.get_future().get();
        return all;
    }

    QTemporaryDir m_home;
    std::unique_ptr<ServedEngine> m_engine; ///< Null: local.
    console::Console m_console;
};

} // namespace eventops::test
