// SPDX-License-Identifier: MIT
//
// bench_graph: frame times of the graph view.
#include "resources/resources.h"
#include "tests/bench/bench_ui_graph.h"
#include "widgets/graph/graph_view.h"

#include <QApplication>
#include <QStyleFactory>

int main(int argc, char **argv)
{
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    const QApplication app(argc, argv);
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    eventops::loadConsoleResources();
    return eventops::bench::benchUiGraph() ? 0 : 1;
}
