// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// How bad, as a shape and as a colour: neither alone.
ThemeIcon {
    property int severity: 0
    property bool isQuiet: false // resolved, or decided: the shape stays

    name: Theme.severityIcon(severity)
    tint: isQuiet ? Theme.color.textMuted : Theme.color[Theme.severityToken(severity)]
    Accessible.role: Accessible.Graphic
    Accessible.name: Theme.severityName(severity)
}
