// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/support/pictures.h"
#include "tests/support/synthetic_backend.h"
#include "widgets/theme/theme.h"
#include "widgets/timeline/timeline_canvas.h"
#include "widgets/timeline/timeline_view.h"

#include <QtWidgets/QApplication>
#include <QtWidgets/QComboBox>

using namespace eventops;
using namespace eventops::test;

namespace {

Finding makeFinding(int number, Severity severity, std::int64_t ns)
{
    Finding finding;
    finding.id = "f" + std::to_string(number);
    finding.severity = severity;
    finding.ts = WallNs{ns};
    finding.entityType = "Host";
    finding.entityId = "web-1";
    finding.message = "cpu_load <b>97</b> is far above 34.1 ± 2.2 on web-" + std::to_string(number);
    finding.state = number % 5 == 0 ? FindingState::Resolved : FindingState::Firing;
    return finding;
}

Action makeAction(int number, std::int64_t ns)
{
    Action action;
    action.suggestion.id = "a" + std::to_string(number);
    action.suggestion.findingId = "f" + std::to_string(number);
    action.suggestion.command = "restart_service";
    action.suggestion.entityId = "web-1";
    action.suggestion.proposedAt = WallNs{ns};
    action.state = number % 2 == 0 ? ActionState::Succeeded : ActionState::Proposed;
    return action;
}

/// A timeline over made-up events, shown and settled.
struct Shown {
    explicit Shown(SyntheticOptions options, QSize size = {1'280, 800}, int findings = 0)
    {
        auto owned = std::make_unique<SyntheticBackend>(options);
        backend = owned.get();
        constexpr std::array Severities{Severity::Info, Severity::Notice, Severity::Warning, Severity::Error,
                                        Severity::Critical};
        const auto span = static_cast<std::int64_t>(options.events) * options.stepNs;
        for (int i = 0; i < findings; ++i) {
            const std::int64_t at = options.startNs + span / (findings + 1) * (i + 1);
            backend->addFinding(makeFinding(i, Severities.at(static_cast<std::size_t>(i) % Severities.size()), at));
            if (i % 3 == 0)
                backend->addAction(makeAction(i, at + span / 100));
        }
        context = std::make_unique<ViewContext>(std::move(owned), Caller{"tester", Role::Admin, {}});
        view.reset(makeTimelineView(*context, nullptr));
        canvas = view->findChild<TimelineCanvas *>();
        view->resize(size);
        view->show();
        view->activateWindow();
        canvas->setFocus();
    }
    void settle(std::uint64_t events)
    {
        QTRY_VERIFY_WITH_TIMEOUT(context->change().events >= events, 10'000);
        QTRY_VERIFY_WITH_TIMEOUT(canvas->window().columnNs() > 1 || events == 0, 10'000);
        QTest::qWait(700); // slices, throttles, markers
    }
    QPoint middle() const { return canvas->plotArea().center(); }

    SyntheticBackend *backend = nullptr;
    std::unique_ptr<ViewContext> context;
    std::unique_ptr<QWidget> view;
    TimelineCanvas *canvas = nullptr;
};

} // namespace

class TestTimeline : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void cleanup() { Theme::instance().load(QStringLiteral("dark")); }

    void pictures()
    {
        for (const char *theme : {"dark", "light"}) {
            Theme::instance().load(QLatin1String(theme));
            for (const QSize size : {QSize(1'280, 800), QSize(640, 480)}) {
                Shown shown({.events = 200'000}, size, 40);
                shown.settle(200'000);
                const QString name = QStringLiteral("timeline_%1_%2").arg(QLatin1String(theme)).arg(size.width());
                takePicture(*shown.view, name);
                QTest::keyClick(shown.canvas, Qt::Key_Plus);
                for (int i = 0; i < 12; ++i)
                    QTest::keyClick(shown.canvas, Qt::Key_Plus);
                QTest::mouseMove(shown.canvas, shown.middle());
                shown.context->selectTimeSpan({shown.canvas->timeAt(shown.middle().x() - 90),
                                               shown.canvas->timeAt(shown.middle().x() + 60)});
                QTest::keyClick(shown.canvas, Qt::Key_Down);
                takePicture(*shown.view, name + QStringLiteral("_zoomed"));
                QVERIFY(!shown.canvas->window().isWhole());
            }
        }
        Shown empty({}, {640, 480});
        empty.settle(0);
        takePicture(*empty.view, QStringLiteral("timeline_empty"));
    }
};

EVENTOPS_TEST(TestTimeline)
#include "tst_timeline.moc"
