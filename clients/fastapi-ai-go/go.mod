module fastapi-ai-go

go 1.21
