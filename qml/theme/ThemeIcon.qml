// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// A shipped icon in a colour of the theme.
Image {
    property string name
    property color tint: Theme.color.textMuted
    property int side: Theme.metric.iconSize

    width: side
    height: side
    sourceSize: Qt.size(side * Screen.devicePixelRatio, side * Screen.devicePixelRatio)
    // A colour as text is #rrggbb; only the digits may stand in an address.
    source: name === "" ? "" : "image://icons/" + name + "/" + String(tint).substring(1)
}
