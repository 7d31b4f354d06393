// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "resources/resources.h"
#include "tests/support/gui/ui_watchdog.h"

#include <QStyleFactory>

/// Tests of the window's parts, offscreen unless the environment names another platform.
int main(int argc, char **argv)
{
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    const eventops::test::WatchedApplication app(argc, argv);
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    QApplication::setCursorFlashTime(0); // a picture can only come to rest without a blinking cursor
    eventops::loadConsoleResources();
    return eventops::test::runTests();
}
