// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import QtQuick.Templates as T
import EventOps.Models
import EventOps.Theme

// What should happen next: the cases in flight as lanes, and the machine of their steps beside or below them.
Panel {
    id: panel
    required property ExpectationsModel expectations
    required property StepMachinesModel machines
    readonly property bool isWide: width >= Theme.metric.space5 * 30
    readonly property real trackShare: 0.46

    Keys.onPressed: event => {
        if (event.matches(StandardKey.Find)) {
            event.accepted = true
            field.forceActiveFocus()
            return
        }
        if (event.modifiers & (Qt.ControlModifier | Qt.AltModifier | Qt.MetaModifier))
            return
        event.accepted = true
        switch (event.key) {
        case Qt.Key_Down: case Qt.Key_J: panel.expectations.selectNext(); break
        case Qt.Key_Up: case Qt.Key_K: panel.expectations.selectPrevious(); break
        case Qt.Key_Home: panel.expectations.select(0); break
        case Qt.Key_End: panel.expectations.select(panel.expectations.count - 1); break
        case Qt.Key_Return: case Qt.Key_Enter:
            panel.expectations.select(Math.max(0, panel.expectations.currentRow))
            break
        case Qt.Key_Slash: field.forceActiveFocus(); break
        case Qt.Key_M: machinePane.forceActiveFocus(); break
        case Qt.Key_F5: panel.expectations.refresh(); panel.machines.refresh(); break
        default: event.accepted = false
        }
    }

    GridLayout {
        anchors.fill: parent
        columns: panel.isWide ? 2 : 1
        columnSpacing: 0
        rowSpacing: 0

        ColumnLayout {
            spacing: 0
            Layout.fillWidth: true
            Layout.fillHeight: true
            Layout.preferredWidth: Theme.metric.space5 * 11
            Layout.preferredHeight: Theme.metric.space5 * 14
            Layout.minimumWidth: 0

            RowLayout {
                spacing: Theme.metric.space3
                Layout.fillWidth: true
                Layout.margins: Theme.metric.space2
                Layout.leftMargin: Theme.metric.space3
                Layout.rightMargin: Theme.metric.space3
                Layout.bottomMargin: Theme.metric.space1

                SectionTitle {
                    objectName: "expectationsSummary"
                    text: panel.expectations.summary !== "" ? panel.expectations.summary : qsTr("Expected next")
                    elide: Text.ElideRight
                    Layout.fillWidth: true
                }
                EntryField {
                    id: field
                    objectName: "expectationsFilter"
                    visible: panel.expectations.knownCount > 0
                    placeholderText: qsTr("Filter: a word …")
                    maximumLength: 1000
                    Accessible.name: qsTr("Filter of expected cases")
                    Layout.preferredWidth: Theme.metric.space5 * 6
                    onTextEdited: panel.expectations.filter = text
                    onAccepted: panel.leaveFilter()
                    Keys.onEscapePressed: {
                        clear()
                        panel.expectations.filter = ""
                        panel.leaveFilter()
                    }
                }
            }
            RowLayout {
                visible: list.visible
                Layout.fillWidth: true
                Layout.leftMargin: Theme.metric.space3 + Theme.metric.space2
                Layout.rightMargin: Theme.metric.space3 + Theme.metric.space2

                MutedText {
                    text: panel.expectations.clockText
                    Layout.fillWidth: true
                    Layout.preferredWidth: 1
                }
                TrackLegend {
                    Layout.preferredWidth: (list.width - 2 * Theme.metric.space2 - 2 * Theme.metric.space3)
                                           * panel.trackShare
                }
            }
            ListView {
                id: list
                objectName: "expectationsList"
                clip: true
                visible: count > 0
                model: panel.expectations
                currentIndex: panel.expectations.currentRow
                spacing: Theme.metric.space1
                boundsBehavior: Flickable.StopAtBounds
                highlightFollowsCurrentItem: false
                topMargin: Theme.metric.space1
                bottomMargin: Theme.metric.space2
                Accessible.role: Accessible.List
                Accessible.name: qsTr("Expected cases, the worst first")
                delegate: LaneRow {
                    x: Theme.metric.space2
                    width: ListView.view.width - 2 * Theme.metric.space2
                    trackShare: panel.trackShare
                    onActivated: {
                        panel.forceActiveFocus()
                        panel.expectations.select(index)
                    }
                    onHeightChanged: if (isCurrent) Qt.callLater(list.showCurrent)
                }
                Layout.fillWidth: true
                Layout.fillHeight: true
                function showCurrent() {
                    if (currentItem)
                        positionViewAtIndex(currentIndex, ListView.Contain)
                }
                onCurrentIndexChanged: Qt.callLater(showCurrent)

                T.ScrollBar.vertical: ScrollMark {}
            }
            ExpectationsState {
                expectations: panel.expectations
                visible: !list.visible
                Layout.fillWidth: true
                Layout.fillHeight: true
            }
        }
        Item {
            Layout.fillWidth: true
            Layout.fillHeight: true
            Layout.preferredWidth: Theme.metric.space5 * 14
            Layout.preferredHeight: Theme.metric.space5 * 11

            Rectangle {
                color: Theme.color.border
                width: panel.isWide ? Theme.metric.border : parent.width
                height: panel.isWide ? parent.height : Theme.metric.border
            }
            MachinePane {
                id: machinePane
                anchors.fill: parent
                anchors.margins: Theme.metric.border
                machines: panel.machines
            }
        }
    }

    function leaveFilter() {
        field.focus = false // or the panel would give the keyboard back to it
        panel.forceActiveFocus()
    }
}
