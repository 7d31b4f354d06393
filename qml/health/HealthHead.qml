// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Theme

// The one answer first: is every record accounted for?
ColumnLayout {
    id: head
    required property var health

    spacing: Theme.metric.space3

    RowLayout {
        spacing: Theme.metric.space3
        Layout.fillWidth: true

        ThemeIcon {
            name: head.health.holds ? "shield-check" : "octagon-alert"
            tint: head.health.holds ? Theme.color.positive : Theme.color.severityCritical
            side: Theme.metric.iconSize * 2
            Layout.alignment: Qt.AlignTop
        }
        ColumnLayout {
            spacing: Theme.metric.border * 2
            Layout.fillWidth: true

            PlainText {
                text: head.health.holds ? qsTr("Every record is accounted for") : qsTr("Records are missing")
                font.pixelSize: Theme.font.title
                font.weight: Font.DemiBold
                wrapMode: Text.Wrap
                Layout.fillWidth: true
            }
            MutedText {
                text: head.health.holds
                    ? qsTr("received = stored + skipped + duplicate + dead letters + in flight, for each source")
                    : qsTr("The parts of a source do not sum to what it received. Keep the ledger for a report.")
                wrapMode: Text.Wrap
                Layout.fillWidth: true
            }
        }
    }
    ColumnLayout {
        visible: head.health.running
        spacing: Theme.metric.space1
        Layout.fillWidth: true

        MutedText {
            text: head.health.runText
            Layout.fillWidth: true
        }
        Rectangle {
            visible: head.health.progress >= 0
            color: Theme.color.border
            radius: height / 2
            Layout.fillWidth: true
            Layout.preferredHeight: Theme.metric.space1

            Rectangle {
                width: parent.width * Math.max(0, head.health.progress)
                height: parent.height
                radius: parent.radius
                color: Theme.color.accent
            }
        }
    }
}
