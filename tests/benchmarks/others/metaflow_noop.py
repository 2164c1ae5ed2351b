"""Twelve Metaflow steps that do nothing, in the shape of training, and the start that Metaflow asks for besides.

`python metaflow_noop.py --quiet run`; each step is a process, and the local datastore keeps what it did.
"""

from metaflow import FlowSpec, step


class Noop(FlowSpec):
    @step
    def start(self):
        self.next(self.ingest_0, self.ingest_1, self.ingest_2, self.ingest_3)

    @step
    def ingest_0(self):
        self.next(self.clean_0)

    @step
    def ingest_1(self):
        self.next(self.clean_1)

    @step
    def ingest_2(self):
        self.next(self.clean_2)

    @step
    def ingest_3(self):
        self.next(self.clean_3)

    @step
    def clean_0(self):
        self.next(self.remove)

    @step
    def clean_1(self):
        self.next(self.remove)

    @step
    def clean_2(self):
        self.next(self.remove)

    @step
    def clean_3(self):
        self.next(self.remove)

    @step
    def remove(self, inputs):  # noqa: ARG002
        self.next(self.features)

    @step
    def features(self):
        self.next(self.train)

    @step
    def train(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Noop()
