// SPDX-License-Identifier: MIT
#include "resources/resources.h"

#include <QDirIterator>
#include <QFontDatabase>

/// Outside any namespace: the macro declares a global function.
static void registerFiles()
{
    Q_INIT_RESOURCE(eventops);
}

namespace eventops {

void loadConsoleResources()
{
    registerFiles();
    QDirIterator fonts(QStringLiteral(":/eventops/fonts"));
    while (fonts.hasNext())
        QFontDatabase::addApplicationFont(fonts.next());
}

} // namespace eventops
