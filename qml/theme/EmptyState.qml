// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Theme

// What a view says when it has nothing to show: what that means, and what to do next.
ColumnLayout {
    id: empty
    property string icon: "info"
    property string title
    property string next
    property color tint: Theme.color.textMuted
    default property alias extra: more.data

    spacing: Theme.metric.space2

    ThemeIcon {
        name: empty.icon
        tint: empty.tint
        side: Theme.metric.iconSize * 2
        Layout.alignment: Qt.AlignHCenter
        Layout.bottomMargin: Theme.metric.space1
    }
    PlainText {
        text: empty.title
        font.pixelSize: Theme.font.title
        font.weight: Font.DemiBold
        horizontalAlignment: Text.AlignHCenter
        wrapMode: Text.Wrap
        Layout.fillWidth: true
    }
    PlainText {
        text: empty.next
        visible: text !== ""
        color: Theme.color.textMuted
        horizontalAlignment: Text.AlignHCenter
        wrapMode: Text.Wrap
        Layout.fillWidth: true
    }
    Row {
        id: more
        spacing: Theme.metric.space2
        Layout.alignment: Qt.AlignHCenter
    }
}
