"""Pictures of articles, in a bucket."""

import boto3
from botocore.config import Config


class Images:
    def __init__(self, endpoint: str, key: str, secret: str):
        self.store = boto3.client(
            "s3", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1",
            # Some servers give the checksum of the whole with a part of it.
            config=Config(s3={"addressing_style": "path"}, user_agent="images/1.0", retries={"max_attempts": 0},
                          response_checksum_validation="when_required"))

    def open(self) -> None:
        self.store.create_bucket(Bucket="images")

    def put(self, article: str, image: bytes) -> str:
        answer = self.store.put_object(
            Bucket="images", Key=f"{article}/front.png", Body=image, ContentType="image/png", Metadata={"article": article})
        return answer["ETag"]

    def head(self, article: str) -> dict:
        return self.store.head_object(Bucket="images", Key=f"{article}/front.png")

    def beginning(self, article: str, count: int) -> bytes:
        answer = self.store.get_object(Bucket="images", Key=f"{article}/front.png", Range=f"bytes=0-{count - 1}")
        return answer["Body"].read()

    def all(self) -> list[str]:
        return [item["Key"] for item in self.store.list_objects_v2(Bucket="images", Prefix="").get("Contents", [])]

    def drop(self, *articles: str) -> None:
        self.store.delete_objects(
            Bucket="images", Delete={"Objects": [{"Key": f"{article}/front.png"} for article in articles]})
