// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// A shipped icon in a colour of the theme. The picture has as many pixels as the screen; layouts see its side only.
Item {
    id: icon
    property string name
    property color tint: Theme.color.textMuted
    property int side: Theme.metric.iconSize

    implicitWidth: side
    implicitHeight: side

    Image {
        anchors.fill: parent
        sourceSize: Qt.size(icon.side * Screen.devicePixelRatio, icon.side * Screen.devicePixelRatio)
        // A colour as text is #rrggbb; only the digits may stand in an address.
        source: icon.name === "" ? "" : "image://icons/" + icon.name + "/" + String(icon.tint).substring(1)
    }
}
