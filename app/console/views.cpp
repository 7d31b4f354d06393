// SPDX-License-Identifier: MIT
#include "app/console/views.h"

#include "widgets/inspector/inspector_view.h"

#include <QLabel>

namespace eventops::console {
namespace {

/// Stands where a view will.
QWidget *makeComing(ViewContext &, QWidget *parent)
{
    auto *label = new QLabel(QObject::tr("This view comes next."), parent);
    label->setAlignment(Qt::AlignCenter);
    label->setFocusPolicy(Qt::StrongFocus);
    return label;
}

} // namespace

ViewRegistry consoleViews()
{
    using enum ViewArea;
    const auto view = [](const char *id, const char *title, const char *icon, const char *summary, ViewArea area,
                         auto factory, const char *keys = "") {
        return ViewSpec{
            QLatin1String(id), QObject::tr(title), QLatin1String(icon), QObject::tr(summary), area, factory, {},
            QObject::tr(keys)};
    };
    // clang-format off
    return {
        view("timeline", "Timeline", "chart-gantt", "When what happened, in lanes", Top, makeComing),
        view("events", "Events", "table", "Every event, as it comes in", Centre, makeComing),
        view("findings", "Findings", "triangle-alert", "What is wrong or surprising, and why", RightTop, makeComing),
        view("approvals", "Approvals", "shield-check", "Actions that wait for a person", RightBottom, makeComing),
        view("inspector", "Inspector", "scan-search", "One event, from its raw bytes to what came of it", RightBottom,
             makeInspectorView, "Arrows: walk and open; Ctrl+C: copy the whole value"),
        view("graph", "Graph", "share-2", "Entities and how they depend on one another", Centre, makeComing),
        view("charts", "Charts", "chart-line", "Metrics and bits over time", Centre, makeComing),
        view("health", "Health", "heart-pulse", "Where every record went, and how fast", Centre, makeComing),
    };
    // clang-format on
}

} // namespace eventops::console
