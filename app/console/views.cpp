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
    const auto t = [](const char *text) { return QObject::tr(text); };
    // clang-format off
    return {
        {QStringLiteral("timeline"), t("Timeline"), QStringLiteral("chart-gantt"), t("When what happened, in lanes"), Top, makeComing},
        {QStringLiteral("events"), t("Events"), QStringLiteral("table"), t("Every event, as it comes in"), Centre, makeComing},
        {QStringLiteral("findings"), t("Findings"), QStringLiteral("triangle-alert"), t("What is wrong or surprising, and why"), RightTop, makeComing},
        {QStringLiteral("approvals"), t("Approvals"), QStringLiteral("shield-check"), t("Suggested actions that wait for a person"), RightBottom, makeComing},
        {QStringLiteral("inspector"), t("Inspector"), QStringLiteral("scan-search"), t("One event from its raw bytes to what came of it"), RightBottom, makeInspectorView},
        {QStringLiteral("graph"), t("Graph"), QStringLiteral("share-2"), t("Entities and how they depend on one another"), Centre, makeComing},
        {QStringLiteral("charts"), t("Charts"), QStringLiteral("chart-line"), t("Metrics and bits over time"), Centre, makeComing},
        {QStringLiteral("health"), t("Health"), QStringLiteral("heart-pulse"), t("Where every record went, and how fast"), Centre, makeComing},
    };
    // clang-format on
}

} // namespace eventops::console
