// SPDX-License-Identifier: MIT
#include "app/console/views.h"

#include "qml/approvals/approvals_panel.h"
#include "qml/expectations/expectations_panel.h"
#include "qml/findings/findings_panel.h"
#include "qml/health/health_panel.h"
#include "widgets/assistant/assistant_view.h"
#include "widgets/charts/charts_view.h"
#include "widgets/dashboards/dashboards_view.h"
#include "widgets/graph/graph_view.h"
#include "widgets/inspector/inspector_view.h"
#include "widgets/query/query_view.h"
#include "widgets/table/event_table_view.h"
#include "widgets/timeline/timeline_view.h"
#include "widgets/whatif/what_if_view.h"

#include <QObject>

namespace eventops::console {

ViewRegistry consoleViews()
{
    using enum ViewArea;
    const auto view = [](const char *id, const char *title, const char *icon, const char *summary, ViewArea area,
                         auto factory, const char *keys = "", const char *shortcut = "") {
        return ViewSpec{QLatin1String(id),    QObject::tr(title), QLatin1String(icon),
                        QObject::tr(summary), area,               factory,
                        QKeySequence(QLatin1String(shortcut)),    QObject::tr(keys)};
    };
    const auto tool = [&view](auto &&...arguments) {
        ViewSpec spec = view(arguments...);
        spec.onDemand = true;
        return spec;
    };
    ViewSpec source = tool("source", "Add a source", "inbox",
                           "From a document that you have to a pipeline that reads it", Centre, makeAssistantView,
                           "Ctrl+S: save the pipeline; Enter: from a field to the line that makes it; "
                           "Ctrl+C: copy the whole value",
                           "Ctrl+Shift+N");
    source.begins = QObject::tr("&Add a source…");
    // clang-format off
    return {
        view("timeline", "Timeline", "chart-gantt", "When what happened, in lanes", Top, makeTimelineView),
        view("events", "Events", "table", "Every event, as it comes in", Centre, makeEventTableView,
             "Enter: choose the event's entity for graph and charts; Ctrl+C: copy rows as NDJSON; "
             "Ctrl+Shift+C: copy rows as CSV"),
        view("findings", "Findings", "triangle-alert", "What is wrong or surprising, and why", RightTop,
             makeFindingsPanel, "J, K: move; A: to its action; /: filter; O: only what is open; "
             "1 to 5: the most surprising entities of the selected span"),
        view("approvals", "Approvals", "shield-check", "Actions that wait for a person", RightBottom,
             makeApprovalsPanel),
        view("inspector", "Inspector", "scan-search", "One event, from its raw bytes to what came of it", RightBottom,
             makeInspectorView, "Arrows: walk and open; Ctrl+C: copy the whole value"),
        view("graph", "Graph", "share-2", "Entities and how they depend on one another", Centre, makeGraphView),
        view("charts", "Charts", "chart-line", "Metrics and bits over time", Centre, makeChartsView),
        view("health", "Health", "heart-pulse", "Where every record went, and how fast", Centre, makeHealthPanel),
        view("sql", "SQL", "database", "Ask the ledger or the lake, read-only", Centre, makeQueryView,
             "Ctrl+Enter: ask; Escape: stop; Ctrl+S: save"),
        view("dashboards", "Dashboards", "activity", "Saved queries as charts on one page", Centre, makeDashboardsView,
             "F5: ask anew"),
        view("whatif", "What if", "git-branch", "What an edited pipeline would have decided over this past", Centre,
             makeWhatIfView, "Enter: compare, or choose the row's finding; Escape: stop", "Ctrl+Shift+W"),
        view("expectations", "Expectations", "hourglass", "What should happen next, what is late or missing", Centre,
             makeExpectationsPanel, "J, K: move; /: filter; M: the machine, then Left, Right: its steps",
             "Ctrl+Shift+X"),
        source,
        tool("transformers", "Transformers", "workflow", "What a transformer would store of an event, without "
             "storing it", Centre, makeTransformView, "Ctrl+Enter: try it", "Ctrl+Shift+T"),
    };
    // clang-format on
}

} // namespace eventops::console
