"""What every layer of a small convolutional network makes of a handwritten digit. Choose a channel to see it large."""

import learnnn as torch
from learnnn import datasets, inspection, nn, optim, training

torch.manual_seed(0)
X, y = datasets.digits(images=True)
eyes = nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
model = nn.Sequential(*eyes, nn.Flatten(), nn.Linear(256, 10))
trainer = training.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01))
trainer.fit(X, y, epochs=1, batch_size=64, verbose=0)
inspection.feature_maps(model, X[3])
