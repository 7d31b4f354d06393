// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Theme

// The equation, source by source.
ColumnLayout {
    id: balance
    required property var sources

    spacing: Theme.metric.space2

    SectionTitle { text: qsTr("Where the records of each source are") }
    MutedText {
        visible: rows.count === 0
        text: qsTr("No source has been read yet.")
    }
    Repeater {
        id: rows
        model: balance.sources

        Card {
            id: row
            required property string title
            required property string received
            required property string stored
            required property string skipped
            required property string duplicate
            required property string deadLettered
            required property string inFlight
            required property string events
            required property bool holds
            required property bool finished
            required property bool isTotal

            implicitHeight: inside.implicitHeight + 2 * Theme.metric.space3
            Layout.fillWidth: true

            ColumnLayout {
                id: inside
                spacing: Theme.metric.space2
                anchors {
                    left: parent.left
                    right: parent.right
                    top: parent.top
                    margins: Theme.metric.space3
                }

                RowLayout {
                    spacing: Theme.metric.space2
                    Layout.fillWidth: true

                    PlainText {
                        text: row.title
                        font.weight: Font.DemiBold
                        elide: Text.ElideMiddle
                        Layout.fillWidth: true
                    }
                    MutedText {
                        text: row.finished || row.isTotal ? qsTr("%1 events").arg(row.events)
                                                          : qsTr("%1 events so far").arg(row.events)
                    }
                    Chip {
                        text: row.holds ? qsTr("holds") : qsTr("does not hold")
                        icon: row.holds ? "check" : "octagon-alert"
                        tint: row.holds ? Theme.color.positive : Theme.color.severityCritical
                    }
                }
                Flow {
                    spacing: Theme.metric.space3
                    Layout.fillWidth: true

                    BalanceTerm { label: qsTr("received"); value: row.received }
                    BalanceTerm { sign: "="; label: qsTr("stored"); value: row.stored }
                    BalanceTerm { sign: "+"; label: qsTr("skipped"); value: row.skipped }
                    BalanceTerm { sign: "+"; label: qsTr("duplicate"); value: row.duplicate }
                    BalanceTerm { sign: "+"; label: qsTr("dead letters"); value: row.deadLettered; isLoss: true }
                    BalanceTerm { sign: "+"; label: qsTr("in flight"); value: row.inFlight }
                }
            }
        }
    }
}
