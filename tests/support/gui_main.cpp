// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "resources/resources.h"

#include <QApplication>
#include <QStyleFactory>

/// Tests of the window's parts, offscreen unless the environment names another platform.
int main(int argc, char **argv)
{
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    const QApplication app(argc, argv);
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    eventops::loadConsoleResources();
    return eventops::test::runTests();
}
