// SPDX-License-Identifier: MIT
#include <QtQml/qqmlextensionplugin.h>

// Static plugins are linked and registered by these lines only.
Q_IMPORT_QML_PLUGIN(EventOps_ThemePlugin)
Q_IMPORT_QML_PLUGIN(EventOps_ApprovalsPlugin)
Q_IMPORT_QML_PLUGIN(EventOps_ExpectationsPlugin)
Q_IMPORT_QML_PLUGIN(EventOps_FindingsPlugin)
Q_IMPORT_QML_PLUGIN(EventOps_HealthPlugin)
