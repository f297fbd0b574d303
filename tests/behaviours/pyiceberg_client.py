"""pyiceberg as another program would use it: Glue and S3 through boto3 clients only."""

from __future__ import annotations

import io
from typing import Any

import boto3
from botocore.exceptions import ClientError
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.io import FileIO, InputFile, OutputFile
from pyiceberg.typedef import EMPTY_DICT, Properties

__all__ = ["glue_catalog"]


def glue_catalog(session: boto3.Session) -> GlueCatalog:
    """pyiceberg's Glue catalog on a session."""
    return _Catalog(session)


class _Catalog(GlueCatalog):
    def __init__(self, session: boto3.Session) -> None:
        super().__init__("test", client=session.client("glue"))
        self._io = _Files(session.client("s3"))

    def _load_file_io(
        self, properties: Properties = EMPTY_DICT, location: str | None = None
    ) -> FileIO:
        return self._io


class _Files(FileIO):
    def __init__(self, client: Any) -> None:
        super().__init__()
        self.client = client

    def new_input(self, location: str) -> InputFile:
        return _Input(location, self.client)

    def new_output(self, location: str) -> OutputFile:
        return _Output(location, self.client)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        uri = location if isinstance(location, str) else location.location
        self.client.delete_object(**_address(uri))


class _Input(InputFile):
    def __init__(self, location: str, client: Any) -> None:
        super().__init__(location)
        self.client = client

    def __len__(self) -> int:
        return int(self.client.head_object(**_address(self.location))["ContentLength"])

    def exists(self) -> bool:
        try:
            len(self)
        except ClientError:
            return False
        return True

    def open(self, seekable: bool = True) -> Any:
        return io.BytesIO(self.client.get_object(**_address(self.location))["Body"].read())


class _Output(OutputFile):
    def __init__(self, location: str, client: Any) -> None:
        super().__init__(location)
        self.client = client

    def __len__(self) -> int:
        return len(self.to_input_file())

    def exists(self) -> bool:
        return self.to_input_file().exists()

    def to_input_file(self) -> InputFile:
        return _Input(self.location, self.client)

    def create(self, overwrite: bool = False) -> Any:
        return _Upload(self.location, self.client)


class _Upload(io.BytesIO):
    def __init__(self, location: str, client: Any) -> None:
        super().__init__()
        self.location, self.client = location, client

    def close(self) -> None:
        if not self.closed:
            self.client.put_object(**_address(self.location), Body=self.getvalue())
        super().close()


def _address(location: str) -> dict[str, str]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}
